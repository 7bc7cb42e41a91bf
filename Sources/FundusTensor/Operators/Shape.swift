import CFundusKernels

extension Tensor {
  /// The same elements under another shape. One size may be -1: it is what remains.
  public func reshaped(_ shape: [Int]) -> Tensor {
    var target = shape
    if let open = shape.firstIndex(of: -1) {
      target[open] = 1
      let known = Tensor.count(of: target)
      precondition(known > 0 && count % known == 0, "\(self.shape) cannot become \(shape)")
      target[open] = count / known
    }
    precondition(Tensor.count(of: target) == count, "\(self.shape) cannot become \(shape)")
    let original = self.shape
    return Tensor(shape: target, storage: storage, offset: offset).recording(self) { gradient in
      [gradient.reshaped(original)]
    }
  }

  /// The axes in another order: axis i of the result is axis `order[i]` of this tensor. Copies.
  public func transposed(_ order: [Int]) -> Tensor {
    precondition(order.sorted() == Array(0..<rank), "\(order) is not a permutation of \(rank) axes")
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    let result = Tensor(uninitialized: order.map { shape[$0] })
    Kernels.permute(pointer, into: result, strides: order.map { strides[$0] })
    var inverse = order
    for (position, axis) in order.enumerated() { inverse[axis] = position }
    return result.recording(self) { [$0.transposed(inverse)] }
  }

  /// A matrix with rows and columns exchanged; with more axes, the last two are.
  public func transposed() -> Tensor {
    precondition(rank >= 2, "a tensor of shape \(shape) has no two axes to exchange")
    var order = Array(0..<rank)
    order.swapAt(rank - 1, rank - 2)
    return transposed(order)
  }
}
