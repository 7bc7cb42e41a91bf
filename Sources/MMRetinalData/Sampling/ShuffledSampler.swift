/// Samples every row once per epoch, in a random order that depends on seed and epoch.
///
/// For W ranks the list is padded to a multiple of W with its first elements, so that all ranks have equally
/// many samples (specification 4.6).
public final class ShuffledSampler: BatchSampler {
  /// The number of rows.
  public let count: Int
  private let seed: UInt64
  /// The permutation of the epoch that was asked for last.
  private let recent = Guarded<(epoch: Int, order: [Int])?>(nil)

  /// Creates a sampler over `count` rows, at least one.
  public init(count: Int, seed: UInt64) {
    precondition(count > 0, "nothing to sample from")
    self.count = count
    self.seed = seed
  }

  /// The number of rows, padded to a multiple of the ranks.
  public func drawCount(ranks: Int) -> Int { (count + ranks - 1) / ranks * ranks }

  /// The row at a position of the epoch's permutation.
  public func index(epoch: Int, position: Int) -> Int {
    let position = position % count
    return recent.withLock { recent in
      if let recent, recent.epoch == epoch { return recent.order[position] }
      var random = RandomStream(seed: seed).derived("shuffle")
        .derived(UInt64(bitPattern: Int64(epoch)))
      let order = (0..<count).shuffled(using: &random)
      recent = (epoch, order)
      return order[position]
    }
  }
}
