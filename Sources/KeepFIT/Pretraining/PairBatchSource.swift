/// Synchronized batches of labeled images and expert pairs, with prefetching.
///
/// The labeled stream determines the length of an epoch; the expert stream has as many batches.
public final class PairBatchSource: PretrainingBatchSource {
  private let labeled: PairLoader
  private let expert: PairLoader?
  private let startEpoch: Int
  private var streams: (labeled: BatchStream, expert: BatchStream?)?

  /// - `startEpoch`: the number of the first epoch; the random choices of an epoch depend on its number.
  /// - `expert`: a loader with as many batches per epoch as `labeled`; nil if the objective does not use it.
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

  /// The time in seconds that training has waited for images.
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
  /// A loaded batch. Texts made from categories match all images of the category; captions match only their
  /// own image.
  init(_ batch: LoadedBatch) {
    let categories = batch.categories.compactMap { $0 }
    self.init(
      images: batch.images, texts: batch.texts,
      categories: categories.count == batch.count ? categories : nil)
  }
}
