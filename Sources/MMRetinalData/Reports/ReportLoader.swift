import Foundation
import FundusTensor
import Synchronization

/// A batch of images with their reports, ready for a training step.
public struct ReportBatch: Sendable {
  /// The images, `[B, S, S, 3]`, normalized with ImageNet's mean and standard deviation.
  public let images: Tensor
  /// The samples, in the order of the images.
  public let samples: [ReportSample]
}

/// Prefetches batches of angiograms and reports on its own threads.
///
/// Batches come in the order of the steps and are bit-identical for any number of threads: all random choices
/// depend only on seed, epoch and the position of the sample in the epoch.
public struct ReportLoader: Sendable {
  /// The samples, at least one.
  public var samples: [ReportSample]
  /// Chooses the samples of each step.
  public var sampler: any BatchSampler
  /// The loading options.
  public var options: PairLoader.Options
  /// The image size in pixels.
  public var imageSize: Int
  /// The random crops of training; nil for full images, resized to a square.
  public var view: ReportTrainingView?
  /// How image files are decoded.
  public var decoding = DecodingOptions()

  /// A loader.
  /// - Parameters:
  ///   - samples: the samples, at least one.
  ///   - sampler: chooses the samples of each step.
  ///   - options: how batches are loaded.
  ///   - imageSize: the side of the images in pixels.
  ///   - view: the random views of training; nil for whole images, resized to a square.
  public init(
    samples: [ReportSample], sampler: any BatchSampler, options: PairLoader.Options, imageSize: Int,
    view: ReportTrainingView? = nil
  ) {
    precondition(!samples.isEmpty, "nothing to load")
    self.samples = samples
    self.sampler = sampler
    self.options = options
    self.imageSize = imageSize
    self.view = view
  }

  /// The number of steps per epoch.
  public var stepsPerEpoch: Int {
    sampler.stepsPerEpoch(batchSize: options.batchSize, ranks: options.ranks)
  }

  /// Starts loading batches.
  /// - Parameter step: the first batch, counted from 0 over all epochs.
  public func batches(from step: Int) -> ReportStream { ReportStream(loader: self, step: step) }

  /// The image `[S, S, 3]` of a sample for one place of a run.
  func image(of sample: ReportSample, epoch: Int, position: Int) throws -> Tensor {
    guard let view else {
      return try ReportImages.prepare(
        contentsOf: sample.image, imageSize: imageSize, decoding: decoding)
    }
    let random = SampleDraw.stream(
      seed: options.seed, use: "view", epoch: epoch, position: position)
    let name = sample.image.path
    let image = try FundusImage(contentsOf: sample.image, options: decoding)
    return ReportImages.normalized(try view.view(of: image, random: random, name: name))
  }
}

/// An endless stream of prefetched batches, in the order of the steps.
public final class ReportStream: Sendable {
  private let plan: ReportPlan
  private let loader: OrderedLoader<ReportPlan>

  init(loader: ReportLoader, step: Int) {
    plan = ReportPlan(loader: loader)
    self.loader = OrderedLoader(
      plan, startingAt: step, threads: loader.options.threads, prefetch: loader.options.prefetch)
  }

  /// The next batch, waiting for it if necessary.
  /// - Throws: ``LoadingError`` for an image that cannot be used, with its file's name. The stream has ended
  ///   then.
  public func next() throws -> ReportBatch {
    guard let batch = try loader.next() else { throw LoadingError.cancelled }
    return batch
  }

  /// Stops the threads, and waits for their current images.
  public func cancel() { loader.cancel() }

  /// The unusable images so far, each once, sorted by path.
  public var skipped: [SkippedImage] {
    plan.skipped.withLock { $0.values.sorted { $0.id < $1.id } }
  }

  /// The time in seconds that callers of ``next()`` have waited.
  public var secondsWaited: Double { loader.secondsWaited }
}

/// The steps of all epochs, one after the other.
private final class ReportPlan: LoadingPlan {
  typealias Item = PreparedImage<ReportSample>

  let skipped = Mutex<[String: SkippedImage]>([:])
  private let loader: ReportLoader
  private let stepsPerEpoch: Int

  init(loader: ReportLoader) {
    self.loader = loader
    stepsPerEpoch = loader.stepsPerEpoch
  }

  func draws(step: Int) -> [SampleDraw]? {
    let options = loader.options
    return loader.sampler.draws(
      epoch: step / stepsPerEpoch, step: step % stepsPerEpoch, batchSize: options.batchSize,
      rank: options.rank, ranks: options.ranks)
  }

  func load(_ draw: SampleDraw, step: Int) throws -> Item {
    try Item(
      row: draw.index, of: loader.samples.count, onBadImage: loader.options.onBadImage,
      sample: { loader.samples[$0] },
      prepare: {
        try loader.image(of: $0, epoch: step / stepsPerEpoch, position: draw.position)
      },
      skipping: { image in skipped.withLock { $0[image.id] = image } })
  }

  func collate(_ items: [Item], draws: [SampleDraw], step: Int) -> ReportBatch {
    ReportBatch(images: Tensor.stacked(items.map(\.image)), samples: items.map(\.sample))
  }
}
