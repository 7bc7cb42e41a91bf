/// Samples every row once per epoch in order; the last batch of an epoch may be smaller, as with a data
/// loader without shuffling.
///
/// For W ranks the list is padded to a multiple of W with its first elements, so that all ranks have equally
/// many samples.
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
