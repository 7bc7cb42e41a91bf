/// The rows in the order of the manifests, starting over at the end, so that all batches are full.
///
/// Batch k of a run holds the rows k·b, k·b+1, … modulo the number of rows, also across epochs: an epoch
/// begins where the one before ended.
public struct SequentialSampler: BatchSampler {
  /// The number of rows.
  public let count: Int
  /// How many draws an epoch has.
  public let drawsPerEpoch: Int
  /// The epoch that begins with the first row.
  public let firstEpoch: Int

  /// A sampler over `count` rows, at least one.
  /// - `drawsPerEpoch`: steps of an epoch times the samples of a step over all ranks.
  /// - `firstEpoch`: the epoch that begins with the first row.
  public init(count: Int, drawsPerEpoch: Int, firstEpoch: Int = 1) {
    precondition(count > 0 && drawsPerEpoch > 0, "nothing to sample from")
    self.count = count
    self.drawsPerEpoch = drawsPerEpoch
    self.firstEpoch = firstEpoch
  }

  /// As many as was asked for.
  public func drawCount(ranks: Int) -> Int { drawsPerEpoch }

  /// The next row in order.
  public func index(epoch: Int, position: Int) -> Int {
    let place = ((epoch - firstEpoch) * drawsPerEpoch + position) % count
    return place < 0 ? place + count : place
  }
}
