import Foundation

// Elementwise functions, each with its derivative. `exp`, `log`, `squareRoot`, `tanh`
// and `sigmoid` are with the arithmetic.

extension Tensor {
  /// The absolute value |x|. Its gradient is the sign of x, and 0 at 0.
  public func abs() -> Tensor {
    elementwise {
      $0.magnitude
    } derivative: {
      $0 > 0 ? 1 : $0 < 0 ? -1 : 0
    }
  }

  /// The sign of each element: -1, 0 or 1. Has no gradient.
  public func sign() -> Tensor { mapped { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 } }

  /// The power x^p with a fixed exponent. NaN for a negative x and a fractional p, as in C's `powf`.
  public func pow(_ exponent: Float) -> Tensor {
    if exponent == 2 { return squared() }
    return elementwise {
      Foundation.pow($0, exponent)
    } derivative: {
      exponent * Foundation.pow($0, exponent - 1)
    }
  }

  /// The sine of each element, in radians.
  public func sin() -> Tensor {
    elementwise {
      Foundation.sin($0)
    } derivative: {
      Foundation.cos($0)
    }
  }

  /// The cosine of each element, in radians.
  public func cos() -> Tensor {
    elementwise {
      Foundation.cos($0)
    } derivative: {
      -Foundation.sin($0)
    }
  }

  /// x σ(x), the sigmoid linear unit or swish (Elfwing et al., arXiv 1702.03118).
  public func silu() -> Tensor { self * sigmoid() }

  /// log(1 + exp(x)), the smooth form of max(x, 0), without overflow.
  public func softplus() -> Tensor {
    elementwise {
      max($0, 0) + log1p(Foundation.exp(-$0.magnitude))
    } derivative: {
      1 / (1 + Foundation.exp(-$0))
    }
  }

  /// max(x, slope · x): a ReLU with a small slope for negative values, 0 ≤ slope < 1.
  public func leakyRelu(slope: Float = 0.01) -> Tensor {
    elementwise {
      $0 > 0 ? $0 : slope * $0
    } derivative: {
      $0 > 0 ? 1 : slope
    }
  }

  /// A new tensor of the same shape from each element, without gradients.
  func mapped(_ function: @Sendable (Float) -> Float) -> Tensor {
    Kernels.map(self) { source, target, count in
      for index in 0..<count { target[index] = function(source[index]) }
    }
  }

  /// `function` of each element; the gradient is multiplied by `derivative`, also a function of the
  /// element.
  private func elementwise(
    _ function: @Sendable (Float) -> Float, derivative: @escaping @Sendable (Float) -> Float
  ) -> Tensor {
    let x = detached
    return mapped(function).recording(self) { [$0 * x.mapped(derivative)] }
  }
}
