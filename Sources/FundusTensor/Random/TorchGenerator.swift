/// PyTorch's CPU generator, bit for bit, for the random numbers of adapters and their loaders.
///
/// Lets a layer start from the weights that `torch.manual_seed(seed)` would have given it.
public struct TorchGenerator: Sendable {
  private var twister: MersenneTwister

  /// As `torch.manual_seed(seed)` leaves the generator. Only the low 32 bits of a seed matter.
  public init(seed: UInt64) { twister = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed)) }

  /// `tensor.uniform_(low, high)` for single precision: 24 random bits an element.
  public mutating func uniform(count: Int, in range: ClosedRange<Float>) -> [Float] {
    let width = range.upperBound - range.lowerBound
    return (0..<count).map { _ in
      let unit = Float(twister.nextWord() & 0xFF_FFFF) * 0x1p-24
      // Rounded once, as the fused instruction that PyTorch's build uses.
      return range.lowerBound.addingProduct(unit, width)
    }
  }

  /// The initial weight of `torch.nn.Linear(inputs, outputs, bias=False)`.
  ///
  /// Kaiming-uniform with a = sqrt(5), which is uniform in ±1/sqrt(inputs).
  /// - Returns: `[outputs, inputs]`, row-major.
  public mutating func linearWeight(inputs: Int, outputs: Int) -> [Float] {
    // PyTorch computes gain, standard deviation and bound in double precision, in this order.
    let gain = (2.0 / (1 + 5.0.squareRoot() * 5.0.squareRoot())).squareRoot()
    let bound = Float(3.0.squareRoot() * (gain / Double(inputs).squareRoot()))
    return uniform(count: inputs * outputs, in: -bound...bound)
  }

  /// `torch.randperm(count)`.
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in 0..<max(0, count - 1) {
      order.swapAt(index, index + Int(twister.nextWord()) % (count - index))
    }
    return order
  }

  /// A 63-bit integer as `torch.empty((), dtype=torch.int64).random_()` draws it: how a loader
  /// seeds its sampler.
  public mutating func int63() -> UInt64 {
    let high = UInt64(twister.nextWord())
    return (high << 32 | UInt64(twister.nextWord())) & (1 << 63 - 1)
  }
}
