/// Draws rows with replacement, each in proportion to its weight: the expert stream, with equal weights
/// (specification 4.6).
///
/// All batches are full when `drawsPerEpoch` is a multiple of the batch. Ranks share the draws.
public struct WeightedSampler: BatchSampler {
  /// How many draws an epoch has: the train stream's steps times the samples of a step.
  public let drawsPerEpoch: Int
  private let seed: UInt64
  /// Sums of the weights up to and including each row.
  private let sums: [Double]
  /// The last row with a weight, for points that rounding puts at the very end.
  private let last: Int

  /// A sampler over rows of equal weight.
  public init(count: Int, drawsPerEpoch: Int, seed: UInt64) {
    self.init(
      weights: [Double](repeating: 1, count: count), drawsPerEpoch: drawsPerEpoch, seed: seed)
  }

  /// A sampler over rows with the given weights, finite and not negative, one at least above zero.
  public init(weights: [Double], drawsPerEpoch: Int, seed: UInt64) {
    precondition(
      weights.allSatisfy { $0 >= 0 && $0.isFinite } && weights.contains { $0 > 0 },
      "weights must be finite, not negative, and not all zero")
    precondition(drawsPerEpoch > 0, "an epoch of \(drawsPerEpoch) draws")
    var sum = 0.0
    sums = weights.map { weight in
      sum += weight
      return sum
    }
    last = weights.lastIndex { $0 > 0 }!
    self.drawsPerEpoch = drawsPerEpoch
    self.seed = seed
  }

  /// As many as was asked for.
  public func drawCount(ranks: Int) -> Int { drawsPerEpoch }

  /// A row drawn in proportion to its weight.
  public func index(epoch: Int, position: Int) -> Int {
    var random = SampleDraw.stream(seed: seed, use: "weighted", epoch: epoch, position: position)
    let point = Double(random.next() >> 11) * 0x1p-53 * sums[sums.count - 1]
    // The first row whose sum lies above the point; rows of weight zero are never it.
    var low = 0, high = last
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > point { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
