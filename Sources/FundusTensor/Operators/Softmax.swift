import CFundusKernels

extension Tensor {
  /// exp(x) / Σ exp(x) along an axis. Entries of -infinity get weight 0.
  /// - Parameter axis: the axis that is normalized; counted from the end if negative.
  public func softmax(axis: Int = -1) -> Tensor {
    let view = AxisView(shape, axis: normalizedAxis(axis))
    let result = view.map(self, kernel: fk_softmax)
    return result.recording(self) { [output = result] gradient in
      [view.map(output, gradient, kernel: fk_softmax_backward)]
    }
  }

  /// x - log Σ exp(x) along an axis, without overflow.
  /// - Parameter axis: the axis that is normalized; counted from the end if negative.
  public func logSoftmax(axis: Int = -1) -> Tensor {
    let view = AxisView(shape, axis: normalizedAxis(axis))
    let result = view.map(self, kernel: fk_log_softmax)
    return result.recording(self) { [output = result] gradient in
      [view.map(output, gradient, kernel: fk_log_softmax_backward)]
    }
  }
}

/// A tensor seen as blocks of `[length, inner]`, where `length` belongs to one of its axes.
struct AxisView {
  let blocks: Int
  let length: Int
  let inner: Int

  init(_ shape: [Int], axis: Int) {
    blocks = shape[..<axis].reduce(1, *)
    length = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
  }

  /// Blocks that one thread takes at a time.
  private var grain: Int { max(1, (1 << 13) / max(1, length * inner)) }

  func map(
    _ x: Tensor,
    kernel: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int, Int) -> Void
  ) -> Tensor {
    let result = Tensor(uninitialized: x.shape)
    ThreadPool.forEachRangeUnchecked(blocks, grain: grain) {
      let first = $0.lowerBound * length * inner
      kernel(x.pointer + first, result.mutablePointer + first, $0.count, length, inner)
    }
    return result
  }

  func map(
    _ x: Tensor, _ y: Tensor,
    kernel: (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int, Int
    ) -> Void
  ) -> Tensor {
    let result = Tensor(uninitialized: x.shape)
    ThreadPool.forEachRangeUnchecked(blocks, grain: grain) {
      let first = $0.lowerBound * length * inner
      kernel(
        x.pointer + first, y.pointer + first, result.mutablePointer + first, $0.count, length,
        inner)
    }
    return result
  }
}
