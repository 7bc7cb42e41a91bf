import CFundusKernels

// Element-wise arithmetic. Axes of size 1, and missing leading axes, repeat (NumPy's rule). The
// gradient of a repeated side is summed over the repetitions.

extension Tensor {
  /// The sum, elementwise.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    Kernels.zip(a, b, fk_add).recording(a, b) { gradient in
      [
        a.requiresGradient ? gradient.summed(to: a.shape) : nil,
        b.requiresGradient ? gradient.summed(to: b.shape) : nil,
      ]
    }
  }

  /// The difference, elementwise.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    Kernels.zip(a, b, fk_subtract).recording(a, b) { gradient in
      [
        a.requiresGradient ? gradient.summed(to: a.shape) : nil,
        b.requiresGradient ? (-gradient).summed(to: b.shape) : nil,
      ]
    }
  }

  /// The product, elementwise.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    Kernels.zip(a, b, fk_multiply).recording(a, b) { gradient in
      [
        a.requiresGradient ? (gradient * b.detached).summed(to: a.shape) : nil,
        b.requiresGradient ? (gradient * a.detached).summed(to: b.shape) : nil,
      ]
    }
  }

  /// The quotient, elementwise.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    let quotient = Kernels.zip(a, b, fk_divide)
    return quotient.recording(a, b) { gradient in
      // d(a/b) = da / b - (a/b) / b db
      let scaled = gradient / b.detached
      return [
        a.requiresGradient ? scaled.summed(to: a.shape) : nil,
        b.requiresGradient ? (-(scaled * quotient)).summed(to: b.shape) : nil,
      ]
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
