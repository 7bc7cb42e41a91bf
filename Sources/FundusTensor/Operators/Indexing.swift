import CFundusKernels

extension Tensor {
  /// Part of an axis. Along the first axis the result shares memory; otherwise it is a copy.
  public func sliced(axis: Int = 0, _ range: Range<Int>) -> Tensor {
    let axis = normalizedAxis(axis)
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape[axis],
      "\(range) is outside of axis \(axis) of \(shape)")
    let outer = Tensor.count(of: Array(shape[..<axis]))
    let inner = Tensor.count(of: Array(shape[(axis + 1)...]))
    let size = shape[axis]
    var target = shape
    target[axis] = range.count
    let result: Tensor
    if outer == 1 {
      result = Tensor(
        shape: target, storage: storage, offset: offset + range.lowerBound * inner)
    } else {
      result = Tensor(uninitialized: target)
      for index in 0..<outer {
        (result.mutablePointer + index * range.count * inner).update(
          from: pointer + (index * size + range.lowerBound) * inner, count: range.count * inner)
      }
    }
    let original = shape
    return result.recording(self) { gradient in
      let whole = Tensor(zeros: original)
      for index in 0..<outer {
        (whole.mutablePointer + (index * size + range.lowerBound) * inner).update(
          from: gradient.pointer + index * range.count * inner, count: range.count * inner)
      }
      return [whole]
    }
  }

  /// One index of the first axis, which disappears.
  public subscript(row row: Int) -> Tensor {
    precondition(rank > 0 && row >= 0 && row < shape[0], "there is no row \(row) in \(shape)")
    return sliced(row..<row + 1).reshaped(Array(shape.dropFirst()))
  }

  /// Concatenates tensors along an axis; the other axes must match.
  public static func concatenated(_ parts: [Tensor], axis: Int = 0) -> Tensor {
    precondition(!parts.isEmpty, "nothing to concatenate")
    let axis = parts[0].normalizedAxis(axis)
    var shape = parts[0].shape
    precondition(
      parts.allSatisfy { $0.rank == shape.count },
      "\(parts.map(\.shape)) have different numbers of axes")
    shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    for part in parts {
      var expected = shape
      expected[axis] = part.shape[axis]
      precondition(part.shape == expected, "\(part.shape) does not fit next to \(parts[0].shape)")
    }
    let outer = Tensor.count(of: Array(shape[..<axis]))
    let inner = Tensor.count(of: Array(shape[(axis + 1)...]))
    let result = Tensor(uninitialized: shape)
    var start = 0
    var ranges: [Range<Int>] = []
    for part in parts {
      let length = part.shape[axis]
      let (source, target) = (part.pointer, result.mutablePointer + start * inner)
      let (step, run) = (shape[axis] * inner, length * inner)
      if outer == 1 {
        Kernels.copy(source, into: target, count: run)
      } else {
        Kernels.forEachPiece(outer, of: run) { index in
          (target + index * step).update(from: source + index * run, count: run)
        }
      }
      ranges.append(start..<start + length)
      start += length
    }
    return result.recording(parts) { gradient in ranges.map { gradient.sliced(axis: axis, $0) } }
  }

  /// Tensors of one shape as the entries of a new first axis.
  public static func stacked(_ parts: [Tensor]) -> Tensor {
    concatenated(parts.map { $0.reshaped([1] + $0.shape) })
  }

  /// Rows of the first axis by their indices, which may repeat. Gradients of a repeated row add up,
  /// in order.
  public func gathered(_ indices: [Int]) -> Tensor {
    precondition(rank > 0, "a scalar has no rows")
    let width = Tensor.count(of: Array(shape.dropFirst()))
    let result = Tensor(uninitialized: [indices.count] + shape.dropFirst())
    for index in indices {
      precondition(index >= 0 && index < shape[0], "there is no row \(index) in \(shape)")
    }
    let (source, target) = (pointer, result.mutablePointer)
    Kernels.forEachPiece(indices.count, of: width) { row in
      (target + row * width).update(from: source + indices[row] * width, count: width)
    }
    let original = shape
    return result.recording(self) { gradient in
      let whole = Tensor(zeros: original)
      let (source, target) = (gradient.pointer, whole.mutablePointer)
      // Threads share the columns: the additions to a row keep their order.
      ThreadPool.forEachRangeUnchecked(
        width, grain: max(16, Kernels.grain / max(1, indices.count))
      ) { columns in
        for (row, index) in indices.enumerated() {
          fk_accumulate(
            source + row * width + columns.lowerBound, 1,
            target + index * width + columns.lowerBound, columns.count)
        }
      }
      return [whole]
    }
  }
}
