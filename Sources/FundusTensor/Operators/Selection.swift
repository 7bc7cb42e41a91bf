// Choosing elements along an axis: sorting, the largest few, gathering. Indices are plain `Int`s in
// row-major order, since a tensor holds floats.

/// Elements chosen along an axis, and where each of them came from.
public struct Selection: Sendable {
  /// The elements. Their gradients flow to the places that they came from.
  public let values: Tensor
  /// The position of each element along the axis, in the row-major order of `values`.
  public let indices: [Int]
}

extension Tensor {
  /// The elements along an axis at the given positions, as `torch.gather` takes them.
  ///
  ///     result[i, j, k] = x[i, indices[i, j, k], k]    for axis 1 of three
  ///
  /// - Parameters:
  ///   - indices: for each element of the result its position along the axis, in row-major order of
  ///     the shape of `x` with `axis` replaced by as many as there are; all within the axis.
  ///   - axis: the axis; counted from the end if negative.
  /// - Returns: the shape of `x`, with `indices.count` divided by the other sizes along the axis.
  ///   Gradients of an element that was taken several times add up.
  public func gathered(_ indices: [Int], alongAxis axis: Int) -> Tensor {
    let axis = normalizedAxis(axis)
    let view = AxisView(shape, axis: axis)
    let others = view.blocks * view.inner
    precondition(
      others > 0 ? indices.count % others == 0 : indices.isEmpty,
      "\(indices.count) indices along axis \(axis) of \(shape)")
    let kept = others > 0 ? indices.count / others : 0
    var target = shape
    target[axis] = kept
    let size = view.length
    precondition(
      indices.allSatisfy { $0 >= 0 && $0 < size }, "an index is outside of axis \(axis) of \(shape)"
    )
    // Where element number i of the result lies in this tensor.
    func place(_ index: Int) -> Int {
      let block = index / (kept * view.inner)
      return (block * size + indices[index]) * view.inner + index % view.inner
    }
    let result = Tensor(uninitialized: target)
    for index in indices.indices { result.mutablePointer[index] = pointer[place(index)] }
    let original = shape
    return result.recording(self) { gradient in
      let whole = Tensor(zeros: original)
      for index in indices.indices { whole.mutablePointer[place(index)] += gradient.pointer[index] }
      return [whole]
    }
  }

  /// Entries of an axis by their indices, which may repeat, as `torch.index_select` takes them.
  /// Gradients of a repeated entry add up.
  public func gathered(_ indices: [Int], axis: Int) -> Tensor {
    let axis = normalizedAxis(axis)
    if axis == 0 { return gathered(indices) }
    var order = Array(0..<rank)
    order.swapAt(0, axis)
    return transposed(order).gathered(indices).transposed(order)
  }

  /// The positions that sort an axis. Equal elements keep their order; NaN counts as the largest.
  /// - Parameters:
  ///   - axis: the axis; counted from the end if negative.
  ///   - descending: whether the largest comes first.
  /// - Returns: positions in the row-major order of this tensor's shape.
  public func argsorted(axis: Int = -1, descending: Bool = false) -> [Int] {
    ranked(axis: axis, count: shape[normalizedAxis(axis)], descending: descending)
  }

  /// The elements in order along an axis, see ``argsorted(axis:descending:)``.
  public func sorted(axis: Int = -1, descending: Bool = false) -> Selection {
    selected(argsorted(axis: axis, descending: descending), axis)
  }

  /// The k largest elements along an axis, largest first (or the smallest, smallest first).
  ///
  /// - Parameters:
  ///   - count: k, at most the size of the axis.
  ///   - axis: the axis; counted from the end if negative.
  ///   - largest: whether the largest are wanted.
  /// - Returns: the shape of this tensor with k entries along the axis. Ties keep their order.
  public func topK(_ count: Int, axis: Int = -1, largest: Bool = true) -> Selection {
    precondition(
      count >= 0 && count <= shape[normalizedAxis(axis)],
      "\(count) elements of axis \(axis) of \(shape)")
    return selected(ranked(axis: axis, count: count, descending: largest), axis)
  }

  /// The position of the largest element along an axis; the first one in a tie.
  /// - Returns: positions in the row-major order of the other axes.
  public func argmax(axis: Int) -> [Int] { ranked(axis: axis, count: 1, descending: true) }

  /// The position of the smallest element along an axis; the first one in a tie.
  /// - Returns: positions in the row-major order of the other axes.
  public func argmin(axis: Int = -1) -> [Int] { ranked(axis: axis, count: 1, descending: false) }

  /// The largest element along an axis; its gradient goes to its first occurrence.
  /// - Parameters:
  ///   - axis: the axis; counted from the end if negative.
  ///   - keepingAxis: whether the axis stays, with size 1.
  public func maximum(axis: Int, keepingAxis: Bool = false) -> Tensor {
    let kept = gathered(argmax(axis: axis), alongAxis: axis)
    return keepingAxis ? kept : kept.squeezed(axis: axis)
  }

  /// The smallest element along an axis; its gradient goes to its first occurrence.
  /// - Parameters:
  ///   - axis: the axis; counted from the end if negative.
  ///   - keepingAxis: whether the axis stays, with size 1.
  public func minimum(axis: Int, keepingAxis: Bool = false) -> Tensor {
    let kept = gathered(argmin(axis: axis), alongAxis: axis)
    return keepingAxis ? kept : kept.squeezed(axis: axis)
  }

  private func selected(_ indices: [Int], _ axis: Int) -> Selection {
    Selection(values: gathered(indices, alongAxis: axis), indices: indices)
  }

  /// The first `count` positions of each row along an axis when it is sorted.
  private func ranked(axis: Int, count kept: Int, descending: Bool) -> [Int] {
    let axis = normalizedAxis(axis)
    let view = AxisView(shape, axis: axis)
    precondition(
      kept <= view.length, "no elements to compare along axis \(axis) of \(shape)")
    let source = pointer
    var indices = [Int](repeating: 0, count: view.blocks * kept * view.inner)
    for block in 0..<view.blocks {
      for inner in 0..<view.inner {
        let first = block * view.length * view.inner + inner
        func precedes(_ i: Int, _ j: Int) -> Bool {
          let (a, b) = (source[first + i * view.inner], source[first + j * view.inner])
          if a.isNaN || b.isNaN { return a.isNaN == b.isNaN ? i < j : a.isNaN == descending }
          return a == b ? i < j : (a > b) == descending
        }
        let order: [Int]
        if kept == 1 {
          order = [(1..<view.length).reduce(0) { precedes($1, $0) ? $1 : $0 }]
        } else {
          order = Array((0..<view.length).sorted(by: precedes).prefix(kept))
        }
        for (rank, position) in order.enumerated() {
          indices[(block * kept + rank) * view.inner + inner] = position
        }
      }
    }
    return indices
  }
}
