import CFundusKernels

// Sums are added up in double precision and in an order that depends on the shape only.

extension Tensor {
  /// The sum of all elements, a scalar.
  public func sum() -> Tensor {
    let shape = shape
    return Tensor(Float(sumOfAll(fk_sum))).recording(self) { [$0.broadcast(to: shape)] }
  }

  /// The mean of all elements, a scalar. NaN for an empty tensor.
  public func mean() -> Tensor { sum() / Float(count) }

  /// The sum along an axis.
  /// - `keepingAxis`: whether the axis stays, with size 1.
  public func sum(axis: Int, keepingAxis: Bool = false) -> Tensor {
    let axis = normalizedAxis(axis)
    var kept = shape
    kept[axis] = 1
    var dropped = shape
    dropped.remove(at: axis)
    let result = Tensor(uninitialized: keepingAxis ? kept : dropped)
    let outer = Tensor.count(of: Array(shape[..<axis]))
    let inner = Tensor.count(of: Array(shape[(axis + 1)...]))
    let (size, source, target) = (shape[axis], pointer, result.mutablePointer)
    let width = 128
    let slices = (inner + width - 1) / width
    if inner == 1 {
      ThreadPool.forEachRangeUnchecked(outer, grain: max(1, Kernels.grain / max(1, size))) {
        range in
        for row in range { target[row] = Float(fk_sum(source + row * size, size)) }
      }
    } else {
      ThreadPool.forEachRangeUnchecked(
        outer * slices, grain: max(1, Kernels.grain / max(1, size * min(inner, width)))
      ) { range in
        for index in range {
          let (row, column) = (index / slices, index % slices * width)
          fk_sum_rows(
            source + row * size * inner + column, size, min(width, inner - column), inner,
            target + row * inner + column)
        }
      }
    }
    let original = shape
    return result.recording(self) { [$0.reshaped(kept).broadcast(to: original)] }
  }

  /// The mean along an axis.
  public func mean(axis: Int, keepingAxis: Bool = false) -> Tensor {
    sum(axis: axis, keepingAxis: keepingAxis) / Float(shape[normalizedAxis(axis)])
  }

  /// The index of the largest element along the last axis for each row; the first one in a tie.
  public func argmax() -> [Int] {
    precondition(rank > 0 && shape[rank - 1] > 0, "no elements to compare in \(shape)")
    let size = shape[rank - 1]
    let source = pointer
    return (0..<count / size).map { fk_index_of_maximum(source + $0 * size, size, 1) }
  }

  /// The largest element along the last axis. Its gradient goes to its first occurrence.
  public func maximum() -> Tensor {
    let places = argmax()
    let size = shape[rank - 1]
    let source = pointer
    let original = shape
    let values = places.enumerated().map { source[$0.offset * size + $0.element] }
    return Tensor(values, shape: Array(shape.dropLast())).recording(self) { gradient in
      let result = Tensor(zeros: original)
      let target = result.mutablePointer
      for (row, place) in places.enumerated() {
        target[row * size + place] = gradient.pointer[row]
      }
      return [result]
    }
  }

  /// The square root of the sum of squares of all elements.
  public var euclideanNorm: Float { Float(sumOfAll(fk_sum_of_squares).squareRoot()) }

  private func sumOfAll(_ kernel: (UnsafePointer<Float>, Int) -> Double) -> Double {
    let chunk = 1 << 16
    let chunks = (count + chunk - 1) / chunk
    var partial = [Double](repeating: 0, count: chunks)
    let source = pointer
    partial.withUnsafeMutableBufferPointer { partial in
      ThreadPool.forEachUnchecked(chunks) { index in
        partial[index] = kernel(source + index * chunk, min(chunk, count - index * chunk))
      }
    }
    return partial.reduce(0, +)
  }

  /// This tensor repeated along its axes of size 1, and along new leading axes, to fill a shape.
  public func broadcast(to target: [Int]) -> Tensor {
    if target == shape { return self }
    let plan = Broadcast(shape, target)
    precondition(plan.shape == target, "\(shape) does not fill \(target)")
    let result = Tensor(uninitialized: target)
    let (source, out) = (pointer, result.mutablePointer)
    Kernels.forEachPiece(plan.runs, of: plan.runLength) { run in
      let from = source + plan.start(ofRun: run).left
      let to = out + run * plan.runLength
      if plan.leftStep == 1 {
        to.update(from: from, count: plan.runLength)
      } else {
        to.update(repeating: from[0], count: plan.runLength)
      }
    }
    let original = shape
    return result.recording(self) { [$0.summed(to: original)] }
  }

  /// Adds up what broadcasting repeated: the inverse of ``broadcast(to:)`` for gradients.
  func summed(to target: [Int]) -> Tensor {
    if target == shape { return self }
    var result = self
    let extra = rank - target.count
    for axis in stride(from: rank - 1, through: 0, by: -1) {
      let wanted = axis >= extra ? target[axis - extra] : 1
      if result.shape[axis] != wanted { result = result.sum(axis: axis, keepingAxis: true) }
    }
    return result.reshaped(target)
  }
}
