/// A sample of an epoch.
public struct SampleDraw: Sendable, Hashable {
  /// The position of the sample in its epoch, counted over all ranks. Random choices for the sample (its text,
  /// its augmentation) depend on it, and not on the number of ranks.
  public let position: Int
  /// The row of the dataset.
  public let index: Int

  /// Creates a sample.
  public init(position: Int, index: Int) {
    self.position = position
    self.index = index
  }

  /// The random numbers of a sample for one purpose.
  public static func stream(seed: UInt64, use: String, epoch: Int, position: Int) -> RandomStream {
    RandomStream(seed: seed).derived(use)
      .derived(UInt64(bitPattern: Int64(epoch)), UInt64(position))
  }
}

/// Selects the samples of each step. It is a pure function of epoch and step, so that a run can resume anywhere.
///
/// An epoch is a list of samples. Rank r of W takes every W-th sample from the r-th on, so that a step of W
/// ranks with batch size b has the same samples as one rank with batch size W·b.
public protocol BatchSampler: Sendable {
  /// The number of samples per epoch for a number of ranks.
  func drawCount(ranks: Int) -> Int

  /// The row of the sample at a position of an epoch, below ``drawCount(ranks:)``.
  func index(epoch: Int, position: Int) -> Int
}

extension BatchSampler {
  /// The number of steps per epoch; the last batch may be smaller.
  public func stepsPerEpoch(batchSize: Int, ranks: Int = 1) -> Int {
    precondition(batchSize > 0 && ranks > 0, "a batch of \(batchSize) on \(ranks) ranks")
    let global = batchSize * ranks
    return (drawCount(ranks: ranks) + global - 1) / global
  }

  /// The samples of a rank's batch that starts after all ranks together have used `position` samples of the
  /// epoch. Resuming with another number of ranks or batch size continues from the same position.
  /// - Parameters:
  ///   - epoch: the epoch.
  ///   - position: the number of samples of the epoch that were used.
  ///   - batchSize: the batch size of one rank.
  ///   - rank: this rank, from 0.
  ///   - ranks: the number of ranks.
  public func draws(epoch: Int, position: Int, batchSize: Int, rank: Int = 0, ranks: Int = 1)
    -> [SampleDraw]
  {
    precondition(batchSize > 0 && position >= 0, "a batch of \(batchSize) at \(position)")
    precondition(ranks > 0 && rank >= 0 && rank < ranks, "rank \(rank) of \(ranks)")
    let count = drawCount(ranks: ranks)
    let end = min(position + batchSize * ranks, count)
    return stride(from: position + rank, to: end, by: ranks).map {
      SampleDraw(position: $0, index: index(epoch: epoch, position: $0))
    }
  }

  /// The samples of a rank's batch at a step of an epoch, counted from 0; none after the last step.
  public func draws(epoch: Int, step: Int, batchSize: Int, rank: Int = 0, ranks: Int = 1)
    -> [SampleDraw]
  {
    draws(
      epoch: epoch, position: step * batchSize * ranks, batchSize: batchSize, rank: rank,
      ranks: ranks)
  }

  /// The rows of a rank's batch at a step of an epoch.
  public func indices(epoch: Int, step: Int, batchSize: Int, rank: Int = 0, ranks: Int = 1) -> [Int]
  {
    draws(epoch: epoch, step: step, batchSize: batchSize, rank: rank, ranks: ranks).map(\.index)
  }
}
