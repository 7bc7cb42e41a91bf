/// Batches of labeled images and expert pairs, loaded ahead in step.
///
/// The labeled stream sets the length of an epoch; the expert stream has as many steps.
public final class PairBatchSource: PretrainingBatchSource {
  private let labeled: PairLoader
  private let expert: PairLoader?
  private let startEpoch: Int
  private var streams: (labeled: BatchStream, expert: BatchStream?)?

  /// - `startEpoch`: the number of the first epoch; it keys the random choices of that epoch.
  /// - `expert`: has as many steps in an epoch as `labeled`; nil when the objective has no use for it.
  public init(labeled: PairLoader, expert: PairLoader?, startEpoch: Int) {
    precondition(
      expert.map { $0.stepsPerEpoch == labeled.stepsPerEpoch } ?? true,
      "the streams have epochs of different lengths")
    self.labeled = labeled
    self.expert = expert
    self.startEpoch = startEpoch
  }

  public var batchesPerEpoch: Int { labeled.stepsPerEpoch }

  public var skipped: [SkippedImage] {
    guard let streams else { return [] }
    return streams.labeled.skipped + (streams.expert?.skipped ?? [])
  }

  /// Seconds that training has waited for images.
  public var secondsWaited: Double {
    (streams?.labeled.secondsWaited ?? 0) + (streams?.expert?.secondsWaited ?? 0)
  }

  public func start(at batch: Int) {
    let epoch = startEpoch + batch / batchesPerEpoch
    let step = batch % batchesPerEpoch
    streams = (
      labeled.batches(epoch: epoch, step: step), expert?.batches(epoch: epoch, step: step)
    )
  }

  public func stop() {
    streams?.labeled.cancel()
    streams?.expert?.cancel()
  }

  public func next() throws -> PretrainingBatch {
    if streams == nil { start(at: 0) }
    guard let streams, let first = try streams.labeled.next() else { throw LoadingError.cancelled }
    guard let stream = streams.expert else {
      return PretrainingBatch(labeled: PretrainingSamples(first))
    }
    guard let second = try stream.next() else { throw LoadingError.cancelled }
    return PretrainingBatch(
      labeled: PretrainingSamples(first), expert: PretrainingSamples(second))
  }
}

extension PretrainingSamples {
  /// A loaded batch. Texts that were made from categories are matched by category; captions belong to
  /// their own image only.
  init(_ batch: LoadedBatch) {
    let categories = batch.categories.compactMap { $0 }
    self.init(
      images: batch.images, texts: batch.reports,
      categories: categories.count == batch.count ? categories : nil)
  }
}
