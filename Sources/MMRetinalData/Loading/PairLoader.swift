import Foundation
import FundusTensor

/// Prefetches batches of images and texts on its own threads.
///
/// Batches come in the order of the steps and are bit-identical for any number of threads: all random choices
/// depend only on seed, epoch and the position of the sample in the epoch.
public struct PairLoader: Sendable {
  /// The loading options.
  public struct Options: Sendable {
    /// The batch size of this rank.
    public var batchSize: Int
    /// This rank, from 0.
    public var rank = 0
    /// The number of ranks.
    public var ranks = 1
    /// The number of threads that decode and prepare images.
    public var threads = 2
    /// The number of batches to prefetch, at least 1.
    public var prefetch = 3
    /// The random seed of texts and augmentation.
    public var seed: UInt64
    /// The handling of unreadable images.
    public var onBadImage = BadImagePolicy.fail

    /// Creates loading options.
    public init(batchSize: Int, seed: UInt64 = 0) {
      self.batchSize = batchSize
      self.seed = seed
    }
  }

  /// The position at which an image is used, which determines its random choices.
  public struct Place: Sendable, Hashable {
    /// The epoch.
    public let epoch: Int
    /// The step within the epoch.
    public let step: Int
    /// The position of the sample in the epoch, counted over all ranks.
    public let position: Int
    /// The seed of the loader.
    public let seed: UInt64
  }

  /// Prepares an image `[H, W, 3]` of a sample. Called concurrently on several threads.
  public typealias Preparation =
    @Sendable (_ sample: PairDataset.Sample, _ place: Place) throws -> Tensor

  /// The dataset.
  public let dataset: PairDataset
  /// The sampler, which selects the rows of each step.
  public let sampler: any BatchSampler
  /// The loading options.
  public let options: Options
  let prepare: Preparation

  /// Creates a loader with custom preparation.
  public init(
    dataset: PairDataset, sampler: any BatchSampler, options: Options,
    prepare: @escaping Preparation
  ) {
    precondition(options.batchSize > 0, "a batch of \(options.batchSize)")
    precondition(
      options.threads > 0 && options.prefetch > 0, "loading needs at least one thread and one batch"
    )
    self.dataset = dataset
    self.sampler = sampler
    self.options = options
    self.prepare = prepare
  }

  /// The number of steps per epoch.
  public var stepsPerEpoch: Int {
    sampler.stepsPerEpoch(batchSize: options.batchSize, ranks: options.ranks)
  }

  /// Starts loading batches from a step on, across epochs.
  /// - Parameters:
  ///   - epoch: the first epoch.
  ///   - step: the first step within it, from 0.
  ///   - lastEpoch: the last epoch; nil for an endless stream.
  public func batches(epoch: Int, step: Int = 0, lastEpoch: Int? = nil) -> BatchStream {
    BatchStream(loader: self, epoch: epoch, step: step, lastEpoch: lastEpoch)
  }

  /// The batch of one step, loaded on the calling thread.
  public func batch(epoch: Int, step: Int) throws -> LoadedBatch {
    var images: [Image] = []
    let draws = self.draws(epoch: epoch, step: step)
    for draw in draws { images.append(try image(for: draw, epoch: epoch, step: step) { _ in }) }
    return try collate(images, draws: draws, epoch: epoch, step: step)
  }

  typealias Image = PreparedImage<PairDataset.Sample>

  func draws(epoch: Int, step: Int) -> [SampleDraw] {
    sampler.draws(
      epoch: epoch, step: step, batchSize: options.batchSize, rank: options.rank,
      ranks: options.ranks)
  }

  /// The image of a sample, or of the first readable row after it.
  func image(
    for draw: SampleDraw, epoch: Int, step: Int, skipping: (SkippedImage) -> Void
  ) throws -> Image {
    let place = Place(epoch: epoch, step: step, position: draw.position, seed: options.seed)
    return try Image(
      row: draw.index, of: dataset.count, onBadImage: options.onBadImage,
      sample: { row in
        dataset.sample(
          SampleDraw(position: draw.position, index: row), epoch: epoch, seed: options.seed)
      }, prepare: { try prepare($0, place) }, skipping: skipping)
  }

  func collate(_ images: [Image], draws: [SampleDraw], epoch: Int, step: Int) throws
    -> LoadedBatch
  {
    precondition(!images.isEmpty, "epoch \(epoch) has no step \(step)")
    let expected = images[0].image.shape
    for image in images where image.image.shape != expected {
      throw LoadingError.differentSizes(
        id: image.sample.id, found: image.image.shape, expected: expected)
    }
    return LoadedBatch(
      epoch: epoch, step: step, images: Tensor.stacked(images.map(\.image)),
      samples: images.map(\.sample), positions: draws.map(\.position))
  }
}
