extension Tensor {
  /// Without an axis of size 1.
  public func squeezed(axis: Int) -> Tensor { squeezed(axes: [axis]) }

  /// Without the given axes, which have size 1; without all that have if omitted.
  public func squeezed(axes: [Int]? = nil) -> Tensor {
    let axes = normalizedAxes(axes ?? shape.indices.filter { shape[$0] == 1 })
    precondition(
      axes.allSatisfy { shape[$0] == 1 }, "axes \(axes) of \(shape) are not all of size 1")
    return reshaped(shape.indices.filter { !axes.contains($0) }.map { shape[$0] })
  }

  /// With a new axis of size 1 at that position of the result; counted from the end if negative.
  public func unsqueezed(axis: Int) -> Tensor {
    let position = axis < 0 ? axis + rank + 1 : axis
    precondition((0...rank).contains(position), "no axis \(axis) can be added to \(shape)")
    var target = shape
    target.insert(1, at: position)
    return reshaped(target)
  }

  /// The axes from `start` on as one: `[N, H, W, C]` to `[N, H W C]`.
  /// - Parameters:
  ///   - start: the first axis that is merged.
  ///   - end: the last axis that is merged; counted from the end if negative.
  public func flattened(from start: Int = 1, to end: Int = -1) -> Tensor {
    let (first, last) = (normalizedAxis(start), normalizedAxis(end))
    precondition(first <= last, "axes \(start) to \(end) of \(shape)")
    return reshaped(
      Array(shape[..<first]) + [shape[first...last].reduce(1, *)] + Array(shape[(last + 1)...]))
  }

  /// Parts of the given sizes, one after the other along an axis.
  /// - Precondition: the sizes add up to that of the axis.
  public func split(_ sizes: [Int], axis: Int = 0) -> [Tensor] {
    let size = shape[normalizedAxis(axis)]
    precondition(
      sizes.allSatisfy { $0 >= 0 } && sizes.reduce(0, +) == size,
      "parts of \(sizes) do not make up axis \(axis) of \(shape)")
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return sliced(axis: axis, start..<start + size)
    }
  }

  /// A number of parts of equal size along an axis.
  /// - Precondition: the number divides the size of the axis.
  public func chunked(_ count: Int, axis: Int = 0) -> [Tensor] {
    let size = shape[normalizedAxis(axis)]
    precondition(
      count > 0 && size % count == 0, "\(count) equal parts of axis \(axis) of \(shape)")
    return split(Array(repeating: size / count, count: count), axis: axis)
  }

  /// Tensors of one shape as the entries of a new axis at that position of the result.
  public static func stacked(_ parts: [Tensor], axis: Int) -> Tensor {
    precondition(!parts.isEmpty, "nothing to stack")
    let position = axis < 0 ? axis + parts[0].rank + 1 : axis
    return concatenated(parts.map { $0.unsqueezed(axis: position) }, axis: position)
  }

  /// The entries of an axis in the opposite order.
  public func flipped(axis: Int) -> Tensor {
    gathered((0..<shape[normalizedAxis(axis)]).reversed(), axis: axis)
  }
}
