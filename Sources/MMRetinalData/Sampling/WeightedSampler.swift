/// Samples rows with replacement, in proportion to their weights: used for the expert stream, with equal
/// weights (specification 4.6).
///
/// All batches are full if `drawsPerEpoch` is a multiple of the batch size. Ranks share the samples.
public struct WeightedSampler: BatchSampler {
  /// The number of samples per epoch: the steps of the labeled stream times the samples of a step.
  public let drawsPerEpoch: Int
  private let seed: UInt64
  /// The cumulative weights.
  private let sums: [Double]
  /// The last row with a positive weight, for values at the end due to rounding.
  private let last: Int

  /// Creates a sampler over rows of equal weight.
  public init(count: Int, drawsPerEpoch: Int, seed: UInt64) {
    self.init(
      weights: [Double](repeating: 1, count: count), drawsPerEpoch: drawsPerEpoch, seed: seed)
  }

  /// Creates a sampler over rows with given weights, finite and non-negative, at least one of them positive.
  public init(weights: [Double], drawsPerEpoch: Int, seed: UInt64) {
    precondition(
      weights.allSatisfy { $0 >= 0 && $0.isFinite } && weights.contains { $0 > 0 },
      "weights must be finite, non-negative, and not all zero")
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

  /// The configured number.
  public func drawCount(ranks: Int) -> Int { drawsPerEpoch }

  /// A row sampled in proportion to its weight.
  public func index(epoch: Int, position: Int) -> Int {
    var random = SampleDraw.stream(seed: seed, use: "weighted", epoch: epoch, position: position)
    let point = Double(random.next() >> 11) * 0x1p-53 * sums[sums.count - 1]
    // The first row whose cumulative weight exceeds the value; never a row of weight zero.
    var low = 0, high = last
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > point { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
