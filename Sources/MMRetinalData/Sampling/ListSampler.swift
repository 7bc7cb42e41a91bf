/// Every row once an epoch in its order; each epoch begins with the first row, and its last batch may be
/// short, as a loader that does not shuffle gives them.
///
/// For W ranks the list is filled up to a multiple of W with its own head, so that all ranks have as many
/// draws.
public struct ListSampler: BatchSampler {
  /// The number of rows.
  public let count: Int

  /// A sampler over `count` rows, at least one.
  public init(count: Int) {
    precondition(count > 0, "nothing to sample from")
    self.count = count
  }

  /// The rows, filled up to a multiple of the ranks.
  public func drawCount(ranks: Int) -> Int { (count + ranks - 1) / ranks * ranks }

  /// The row at a place.
  public func index(epoch: Int, position: Int) -> Int { position % count }
}
