import Foundation
import FundusTensor

/// Loads batches of images and texts ahead of the engine, on threads of its own.
///
/// Batches come in the order of the steps whatever the number of threads, with the same bits: all random
/// choices are keyed by seed, epoch and the draw's place in the epoch.
public struct PairLoader: Sendable {
  /// How batches are loaded.
  public struct Options: Sendable {
    /// The images of a batch of this rank.
    public var batchSize: Int
    /// This rank, from 0.
    public var rank = 0
    /// How many ranks share the draws.
    public var ranks = 1
    /// Threads that decode and prepare images.
    public var threads = 2
    /// Batches that are ready or under way at any time, at least 1.
    public var prefetch = 3
    /// Keys texts and augmentations.
    public var seed: UInt64
    /// What happens when an image cannot be read.
    public var onBadImage = BadImagePolicy.fail

    /// The usual options.
    public init(batchSize: Int, seed: UInt64 = 0) {
      self.batchSize = batchSize
      self.seed = seed
    }
  }

  /// Where an image will be used; keys all that is random about it.
  public struct Place: Sendable, Hashable {
    /// The epoch.
    public let epoch: Int
    /// The step within the epoch.
    public let step: Int
    /// The place of the draw in the epoch, counted over all ranks.
    public let position: Int
    /// The seed of the loader.
    public let seed: UInt64
  }

  /// Makes an image `[H, W, 3]` of a sample. Called on several threads at once.
  public typealias Preparation =
    @Sendable (_ sample: PairDataset.Sample, _ place: Place) throws -> Tensor

  /// The rows.
  public let dataset: PairDataset
  /// Chooses the rows of each step.
  public let sampler: any BatchSampler
  /// How batches are loaded.
  public let options: Options
  let prepare: Preparation

  /// A loader with a preparation of one's own.
  public init(
    dataset: PairDataset, sampler: any BatchSampler, options: Options,
    prepare: @escaping Preparation
  ) {
    precondition(options.batchSize > 0, "a batch of \(options.batchSize)")
    precondition(options.threads > 0 && options.prefetch > 0, "loading needs a thread and a batch")
    self.dataset = dataset
    self.sampler = sampler
    self.options = options
    self.prepare = prepare
  }

  /// How many steps an epoch has.
  public var stepsPerEpoch: Int {
    sampler.stepsPerEpoch(batchSize: options.batchSize, ranks: options.ranks)
  }

  /// Starts to load the batches from a step on, across epochs.
  /// - Parameters:
  ///   - epoch: the epoch to begin with.
  ///   - step: the step of it to begin with, from 0.
  ///   - lastEpoch: the stream ends after this epoch; nil for a stream without end.
  public func batches(epoch: Int, step: Int = 0, lastEpoch: Int? = nil) -> BatchStream {
    BatchStream(loader: self, epoch: epoch, step: step, lastEpoch: lastEpoch)
  }

  /// The batch of one step, loaded on the calling thread.
  public func batch(epoch: Int, step: Int) throws -> LoadedBatch {
    var images: [PreparedImage] = []
    let draws = self.draws(epoch: epoch, step: step)
    for draw in draws { images.append(try image(for: draw, epoch: epoch, step: step) { _ in }) }
    return try collate(images, draws: draws, epoch: epoch, step: step)
  }

  struct PreparedImage: Sendable {
    let sample: PairDataset.Sample
    let image: Tensor
  }

  func draws(epoch: Int, step: Int) -> [SampleDraw] {
    sampler.draws(
      epoch: epoch, step: step, batchSize: options.batchSize, rank: options.rank,
      ranks: options.ranks)
  }

  /// Rows that are tried in place of one that cannot be read.
  private static let maximumAttempts = 50

  /// The image of a draw, or of the first row after it that can be read.
  func image(
    for draw: SampleDraw, epoch: Int, step: Int, skipping: (SkippedImage) -> Void
  ) throws -> PreparedImage {
    let place = Place(epoch: epoch, step: step, position: draw.position, seed: options.seed)
    var index = draw.index
    var attempts = 0
    while true {
      let sample = dataset.sample(
        SampleDraw(position: draw.position, index: index), epoch: epoch, seed: options.seed)
      do {
        return PreparedImage(sample: sample, image: try prepare(sample, place))
      } catch {
        let reason = LoadingError.badImage(id: sample.id, reason: "\(error)").description
        guard options.onBadImage == .skip else {
          throw LoadingError.badImage(id: sample.id, reason: reason)
        }
        skipping(SkippedImage(id: sample.id, reason: reason))
        attempts += 1
        guard attempts < min(Self.maximumAttempts, dataset.count) else {
          throw LoadingError.tooManyBadImages(count: attempts, last: reason)
        }
        index = (index + 1) % dataset.count
      }
    }
  }

  func collate(_ images: [PreparedImage], draws: [SampleDraw], epoch: Int, step: Int) throws
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
