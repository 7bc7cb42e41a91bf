import CFundusKernels

// Comparisons give masks of ones (true) and zeros (false), which have no gradient. Shapes broadcast as
// in arithmetic. NaN is unequal to everything.

infix operator .== : ComparisonPrecedence
infix operator .!= : ComparisonPrecedence
infix operator .< : ComparisonPrecedence
infix operator .<= : ComparisonPrecedence
infix operator .> : ComparisonPrecedence
infix operator .>= : ComparisonPrecedence

extension Tensor {
  /// 1 where the elements are equal, else 0.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { compared(a, b) { $0 == $1 } }
  /// 1 where the elements differ, else 0.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { compared(a, b) { $0 != $1 } }
  /// 1 where the left element is less, else 0.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { compared(a, b) { $0 < $1 } }
  /// 1 where the left element is less or equal, else 0.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor { compared(a, b) { $0 <= $1 } }
  /// 1 where the left element is greater, else 0.
  public static func .> (a: Tensor, b: Tensor) -> Tensor { compared(a, b) { $0 > $1 } }
  /// 1 where the left element is greater or equal, else 0.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor { compared(a, b) { $0 >= $1 } }
  /// 1 where the element equals the number, else 0.
  public static func .== (x: Tensor, number: Float) -> Tensor { x .== Tensor(number) }
  /// 1 where the element differs from the number, else 0.
  public static func .!= (x: Tensor, number: Float) -> Tensor { x .!= Tensor(number) }
  /// 1 where the element is less than the number, else 0.
  public static func .< (x: Tensor, number: Float) -> Tensor { x .< Tensor(number) }
  /// 1 where the element is at most the number, else 0.
  public static func .<= (x: Tensor, number: Float) -> Tensor { x .<= Tensor(number) }
  /// 1 where the element is greater than the number, else 0.
  public static func .> (x: Tensor, number: Float) -> Tensor { x .> Tensor(number) }
  /// 1 where the element is at least the number, else 0.
  public static func .>= (x: Tensor, number: Float) -> Tensor { x .>= Tensor(number) }

  /// a where the condition is not zero, else b, elementwise. Shapes broadcast.
  ///
  /// Elements that are not selected have no effect: neither their NaNs nor gradients propagate.
  /// - Parameters:
  ///   - condition: a mask, as the comparisons give it; no gradient flows to it.
  ///   - a: the elements where the mask is not zero.
  ///   - b: the elements where it is zero.
  public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    let shape = Broadcast(Broadcast(a.shape, b.shape).shape, condition.shape).shape
    let mask = condition.detached.broadcast(to: shape)
    return chosen(mask, a.detached.broadcast(to: shape), b.detached.broadcast(to: shape))
      .recording(a, b) { gradient in
        let zeros = Tensor(zeros: shape)
        return [
          a.requiresGradient ? chosen(mask, gradient, zeros).summed(to: a.shape) : nil,
          b.requiresGradient ? chosen(mask, zeros, gradient).summed(to: b.shape) : nil,
        ]
      }
  }

  /// The larger of two elements; NaN where either is. Equal elements share the gradient, as in PyTorch.
  public static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor {
    extremum(a, b) { $0 > $1 || $0.isNaN ? $0 : $1 }
  }

  /// The smaller of two elements; NaN where either is. Equal elements share the gradient, as in PyTorch.
  public static func minimum(_ a: Tensor, _ b: Tensor) -> Tensor {
    extremum(a, b) { $0 < $1 || $0.isNaN ? $0 : $1 }
  }

  private static func extremum(
    _ a: Tensor, _ b: Tensor, _ choose: @Sendable (Float, Float) -> Float
  ) -> Tensor {
    let result = combined(a, b, choose)
    return result.recording(a, b) { gradient in
      let (isA, isB) = (a.detached .== result, b.detached .== result)
      let share = gradient / maximum(isA + isB, Tensor(1))
      return [
        a.requiresGradient ? (share * isA).summed(to: a.shape) : nil,
        b.requiresGradient ? (share * isB).summed(to: b.shape) : nil,
      ]
    }
  }

  private static func compared(
    _ a: Tensor, _ b: Tensor, _ isTrue: @Sendable (Float, Float) -> Bool
  ) -> Tensor { combined(a, b) { isTrue($0, $1) ? 1 : 0 } }

  /// A new tensor from pairs of elements, without gradients.
  private static func combined(
    _ a: Tensor, _ b: Tensor, _ function: @Sendable (Float, Float) -> Float
  ) -> Tensor {
    Kernels.zip(a, b) { left, leftStep, right, rightStep, target, count in
      for index in 0..<count {
        target[index] = function(left[index * leftStep], right[index * rightStep])
      }
    }
  }

  private static func chosen(_ mask: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    let result = Tensor(uninitialized: mask.shape)
    let target = result.mutablePointer
    let (condition, left, right) = (mask.pointer, a.pointer, b.pointer)
    ThreadPool.forEachRangeUnchecked(mask.count, grain: Kernels.grain) {
      for index in $0 { target[index] = condition[index] != 0 ? left[index] : right[index] }
    }
    return result
  }
}
