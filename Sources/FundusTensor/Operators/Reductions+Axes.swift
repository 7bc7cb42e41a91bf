import CFundusKernels

extension Tensor {
  /// The sum along several axes.
  /// - Parameters:
  ///   - axes: the axes, each once; counted from the end if negative.
  ///   - keepingAxes: whether they stay, with size 1.
  public func sum(axes: [Int], keepingAxes: Bool = false) -> Tensor {
    let axes = normalizedAxes(axes)
    let kept = axes.reduce(self) { $0.sum(axis: $1, keepingAxis: true) }
    return keepingAxes ? kept : kept.squeezed(axes: axes)
  }

  /// The mean along several axes.
  /// - Parameters:
  ///   - axes: the axes, each once; counted from the end if negative.
  ///   - keepingAxes: whether they stay, with size 1.
  public func mean(axes: [Int], keepingAxes: Bool = false) -> Tensor {
    let count = normalizedAxes(axes).reduce(1) { $0 * shape[$1] }
    return sum(axes: axes, keepingAxes: keepingAxes) / Float(count)
  }

  /// The variance along several axes, Σ (x - mean)² / (n - 1).
  /// - Parameters:
  ///   - axes: the axes, each once; all if omitted.
  ///   - isUnbiased: whether to divide by n - 1, as PyTorch does, or by n.
  ///   - keepingAxes: whether they stay, with size 1.
  public func variance(
    axes: [Int]? = nil, isUnbiased: Bool = true, keepingAxes: Bool = false
  ) -> Tensor {
    let axes = normalizedAxes(axes ?? Array(0..<rank))
    let count = axes.reduce(1) { $0 * shape[$1] }
    let squares = (self - mean(axes: axes, keepingAxes: true)).squared()
    return squares.sum(axes: axes, keepingAxes: keepingAxes)
      / Float(isUnbiased ? count - 1 : count)
  }

  /// The square root of the variance, see ``variance(axes:isUnbiased:keepingAxes:)``.
  public func standardDeviation(
    axes: [Int]? = nil, isUnbiased: Bool = true, keepingAxes: Bool = false
  ) -> Tensor {
    variance(axes: axes, isUnbiased: isUnbiased, keepingAxes: keepingAxes).squareRoot()
  }

  /// log Σ exp(x) along an axis, without overflow.
  /// - Parameters:
  ///   - axis: the axis; counted from the end if negative.
  ///   - keepingAxis: whether the axis stays, with size 1.
  public func logSumExp(axis: Int = -1, keepingAxis: Bool = false) -> Tensor {
    let top = detached.maximum(axis: axis, keepingAxis: true)
    let kept = (self - top).exp().sum(axis: axis, keepingAxis: true).log() + top
    return keepingAxis ? kept : kept.squeezed(axis: axis)
  }

  /// The sums of the first 1, 2, … elements along an axis.
  public func cumulativeSum(axis: Int = -1) -> Tensor {
    let axis = normalizedAxis(axis)
    return accumulated(axis, reversed: false).recording(self) {
      [$0.accumulated(axis, reversed: true)]
    }
  }

  private func accumulated(_ axis: Int, reversed: Bool) -> Tensor {
    let view = AxisView(shape, axis: axis)
    let result = copy()
    let target = result.mutablePointer
    for block in 0..<view.blocks {
      let first = block * view.length * view.inner
      for step in stride(from: 1, to: view.length, by: 1) {
        let position = reversed ? view.length - 1 - step : step
        let neighbor = reversed ? position + 1 : position - 1
        fk_accumulate(
          target + first + neighbor * view.inner, 1, target + first + position * view.inner,
          view.inner)
      }
    }
    return result
  }

  func normalizedAxes(_ axes: [Int]) -> [Int] {
    let result = axes.map(normalizedAxis)
    precondition(Set(result).count == result.count, "an axis occurs twice in \(axes)")
    return result
  }
}
