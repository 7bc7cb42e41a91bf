import CFundusKernels

extension Tensor {
  /// The element-wise sum of two tensors of the same shape.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    precondition(a.shape == b.shape, "cannot add \(a.shape) and \(b.shape)")
    let result = Tensor(uninitialized: a.shape)
    Kernels.add(a.pointer, b.pointer, into: result.mutablePointer, count: a.count)
    return result.recording(a, b) { gradient in [gradient, gradient] }
  }
}
