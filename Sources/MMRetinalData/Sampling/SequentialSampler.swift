/// Samples the rows in manifest order, cycling, so that all batches are full.
///
/// Batch k of a run has the rows k·b, k·b+1, … modulo the number of rows, also across epochs: an epoch starts
/// where the previous one ended.
public struct SequentialSampler: BatchSampler {
  /// The number of rows.
  public let count: Int
  /// The number of samples per epoch.
  public let drawsPerEpoch: Int
  /// The epoch that starts with the first row.
  public let firstEpoch: Int

  /// Creates a sampler over `count` rows, at least one.
  /// - `drawsPerEpoch`: steps per epoch times the samples of a step over all ranks.
  /// - `firstEpoch`: the epoch that starts with the first row.
  public init(count: Int, drawsPerEpoch: Int, firstEpoch: Int = 1) {
    precondition(count > 0 && drawsPerEpoch > 0, "nothing to sample from")
    self.count = count
    self.drawsPerEpoch = drawsPerEpoch
    self.firstEpoch = firstEpoch
  }

  /// The configured number.
  public func drawCount(ranks: Int) -> Int { drawsPerEpoch }

  /// The next row in order.
  public func index(epoch: Int, position: Int) -> Int {
    let place = ((epoch - firstEpoch) * drawsPerEpoch + position) % count
    return place < 0 ? place + count : place
  }
}
