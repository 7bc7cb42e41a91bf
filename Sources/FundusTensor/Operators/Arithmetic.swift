import CFundusKernels

// Element-wise arithmetic. Axes of size 1, and missing leading axes, repeat (NumPy's rule). The
// gradient of a repeated side is summed over the repetitions.

/// What the gradient of an operand needs of it: its shape, or nothing if it has no gradient. The operand's elements
/// are free to go.
private struct Operand: Sendable {
  private let shape: [Int]?

  init(_ operand: Tensor) { shape = operand.requiresGradient ? operand.shape : nil }

  /// The operand's gradient, summed over its repetitions; nil if it needs none.
  func gradient(_ value: @autoclosure () -> Tensor) -> Tensor? {
    shape.map { value().summed(to: $0) }
  }
}

extension Tensor {
  /// The sum, elementwise.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    let (left, right) = (Operand(a), Operand(b))
    return Kernels.zip(a, b, fk_add).recording(a, b) { gradient in
      [left.gradient(gradient), right.gradient(gradient)]
    }
  }

  /// The difference, elementwise.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    let (left, right) = (Operand(a), Operand(b))
    return Kernels.zip(a, b, fk_subtract).recording(a, b) { gradient in
      [left.gradient(gradient), right.gradient(-gradient)]
    }
  }

  /// The product, elementwise.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    let (left, right) = (Operand(a), Operand(b))
    // The derivative for one side is the other.
    let (forLeft, forRight) = (
      a.requiresGradient ? b.detached : nil, b.requiresGradient ? a.detached : nil
    )
    return Kernels.zip(a, b, fk_multiply).recording(a, b) { gradient in
      [
        forLeft.flatMap { left.gradient(gradient * $0) },
        forRight.flatMap { right.gradient(gradient * $0) },
      ]
    }
  }

  /// The quotient, elementwise.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    let (left, right) = (Operand(a), Operand(b))
    let quotient = Kernels.zip(a, b, fk_divide)
    let (divisor, result) = (b.detached, b.requiresGradient ? quotient : nil)
    return quotient.recording(a, b) { gradient in
      // d(a/b) = da / b - (a/b) / b db
      let scaled = gradient / divisor
      return [left.gradient(scaled), result.flatMap { right.gradient(-(scaled * $0)) }]
    }
  }

  /// `scale * x + shift`, elementwise.
  public func scaled(by scale: Float, plus shift: Float = 0) -> Tensor {
    Kernels.map(self) { fk_scale_shift($0, scale, shift, $1, $2) }
      .recording(self) { [$0.scaled(by: scale)] }
  }

  /// The negative.
  public static prefix func - (x: Tensor) -> Tensor { x.scaled(by: -1) }
  /// The sum with a number.
  public static func + (x: Tensor, number: Float) -> Tensor { x.scaled(by: 1, plus: number) }
  /// The difference from a number.
  public static func - (x: Tensor, number: Float) -> Tensor { x.scaled(by: 1, plus: -number) }
  /// The product with a number.
  public static func * (x: Tensor, number: Float) -> Tensor { x.scaled(by: number) }
  /// The product with a number.
  public static func * (number: Float, x: Tensor) -> Tensor { x.scaled(by: number) }
  /// The quotient by a number.
  public static func / (x: Tensor, number: Float) -> Tensor { x / Tensor(number) }
}

// MARK: - Functions of one tensor

extension Tensor {
  /// The exponential, elementwise.
  public func exp() -> Tensor {
    let result = Kernels.map(self, fk_exponential)
    return result.recording(self) { [$0 * result] }
  }

  /// The natural logarithm, elementwise.
  public func log() -> Tensor {
    let x = detached
    return Kernels.map(self, fk_logarithm).recording(self) { [$0 / x] }
  }

  /// The square root, elementwise.
  public func squareRoot() -> Tensor {
    let result = Kernels.map(self, fk_square_root)
    return result.recording(self) { [$0 / result.scaled(by: 2)] }
  }

  /// The hyperbolic tangent, elementwise.
  public func tanh() -> Tensor {
    let result = Kernels.map(self, fk_hyperbolic_tangent)
    return result.recording(self) { [$0 * (result * result).scaled(by: -1, plus: 1)] }
  }

  /// The logistic function `1 / (1 + exp(-x))`, elementwise.
  public func sigmoid() -> Tensor {
    let result = Kernels.map(self, fk_sigmoid)
    return result.recording(self) { [$0 * (result - result * result)] }
  }

  /// The square, elementwise.
  public func squared() -> Tensor { self * self }

  /// The elements held within a range. The gradient is zero where it was left.
  public func clamped(to range: ClosedRange<Float>) -> Tensor {
    let x = detached
    return Kernels.map(self) { fk_clamp($0, range.lowerBound, range.upperBound, $1, $2) }
      .recording(self) { gradient in
        let outside =
          Kernels.zip(x, Tensor(range.upperBound), fk_greater)
          + Kernels.zip(Tensor(range.lowerBound), x, fk_greater)
        return [gradient * outside.scaled(by: -1, plus: 1)]
      }
  }
}
