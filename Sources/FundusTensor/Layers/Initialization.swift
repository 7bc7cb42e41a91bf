import CFundusKernels
import Foundation

/// The initialization of a layer's parameters.
///
/// A module receives one of these and passes a derived one to each of its submodules:
///
///     init(inputs: Int, outputs: Int, initialization: Initialization) {
///       weight = Parameter(initialization.derived("weight").uniform([outputs, inputs], bound: ...))
public enum Initialization: Sendable {
  /// Zeros that take no memory, for a model to be loaded from a checkpoint.
  case placeholder
  /// Drawn from the stream; the result is bit-identical for any number of threads.
  case random(RandomStream)

  /// The initialization of the submodule with that name.
  public func derived(_ name: String) -> Initialization {
    switch self {
    case .placeholder: .placeholder
    case .random(let stream): .random(stream.derived(name))
    }
  }

  /// Uniform in `[-bound, bound)`.
  public func uniform(_ shape: [Int], bound: Float) -> Tensor {
    fill(shape) { words, out in
      for lane in 0..<4 { out[lane] = bound * (Float(words[lane] >> 8) * 0x1p-23 - 1) }
    }
  }

  /// Normal around 0 with the given standard deviation (Box-Muller).
  public func normal(_ shape: [Int], deviation: Float) -> Tensor {
    fill(shape) { words, out in
      for pair in [0, 2] {
        let radius = deviation * (-2 * log(1 - Float(words[pair] >> 8) * 0x1p-24)).squareRoot()
        let angle = 2 * Float.pi * (Float(words[pair + 1] >> 8) * 0x1p-24)
        out[pair] = radius * cos(angle)
        out[pair + 1] = radius * sin(angle)
      }
    }
  }

  /// The same value everywhere.
  public func constant(_ shape: [Int], _ value: Float) -> Tensor {
    switch self {
    case .placeholder: .placeholder(shape)
    case .random: Tensor(repeating: value, shape: shape)
    }
  }

  /// Uniform in ±1/√inputs, the default of PyTorch's linear layers.
  public func linear(_ shape: [Int], inputs: Int) -> Tensor {
    uniform(shape, bound: 1 / Float(max(1, inputs)).squareRoot())
  }

  private func fill(
    _ shape: [Int], _ body: (SIMD4<UInt32>, inout SIMD4<Float>) -> Void
  ) -> Tensor {
    guard case .random(let stream) = self else { return .placeholder(shape) }
    let result = Tensor(uninitialized: shape)
    let target = result.mutablePointer
    let count = result.count
    let key = stream.key, high = stream.stream
    // Whole blocks of four numbers for each piece of work, whatever the number of threads.
    ThreadPool.forEachRangeUnchecked((count + 3) / 4, grain: 1 << 13) { range in
      var values = SIMD4<Float>()
      for block in range {
        let words = fk_philox(key, UInt64(block), high).word
        body(SIMD4(words.0, words.1, words.2, words.3), &values)
        for lane in 0..<min(4, count - block * 4) { target[block * 4 + lane] = values[lane] }
      }
    }
    return result
  }
}
