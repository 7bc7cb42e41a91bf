/// A sample of an epoch.
public struct SampleDraw: Sendable, Hashable {
  /// The place of the draw in its epoch, counted over all ranks. Random choices for the sample (its
  /// text, its augmentation) are keyed by it, so that they do not depend on the number of ranks.
  public let position: Int
  /// The row of the dataset.
  public let index: Int

  /// A draw.
  public init(position: Int, index: Int) {
    self.position = position
    self.index = index
  }

  /// The random numbers of one draw for one use.
  public static func stream(seed: UInt64, use: String, epoch: Int, position: Int) -> RandomStream {
    RandomStream(seed: seed).derived(use)
      .derived(UInt64(bitPattern: Int64(epoch)), UInt64(position))
  }
}

/// Chooses the samples of each step: a pure function of epoch and step, so that a run can resume
/// anywhere.
///
/// An epoch is a list of draws. Rank r of W takes every W-th draw from the r-th on, so that W ranks with
/// batches of b see in a step what one rank with a batch of W·b sees.
public protocol BatchSampler: Sendable {
  /// How many draws an epoch has for a number of ranks.
  func drawCount(ranks: Int) -> Int

  /// The row of the draw at a place of an epoch, below ``drawCount(ranks:)``.
  func index(epoch: Int, position: Int) -> Int
}

extension BatchSampler {
  /// How many steps an epoch has; the last batch may be short.
  public func stepsPerEpoch(batchSize: Int, ranks: Int = 1) -> Int {
    precondition(batchSize > 0 && ranks > 0, "a batch of \(batchSize) on \(ranks) ranks")
    let global = batchSize * ranks
    return (drawCount(ranks: ranks) + global - 1) / global
  }

  /// The draws of a rank's batch that starts when all ranks together have used `position` draws of the
  /// epoch. Resuming with another number of ranks or batch size goes on from the same position.
  /// - Parameters:
  ///   - epoch: any number; the same one gives the same draws.
  ///   - position: how many draws of the epoch were used.
  ///   - batchSize: the samples of one rank.
  ///   - rank: this rank, from 0.
  ///   - ranks: how many there are.
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

  /// The draws of a rank's batch at a step of an epoch, counted from 0; none after the last step.
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
