import CFundusKernels

extension Tensor {
  /// max(x, 0), elementwise.
  public func relu() -> Tensor {
    let result = Tensor(uninitialized: shape)
    ThreadPool.forEachRangeUnchecked(count, grain: Kernels.grain) {
      fk_relu(pointer + $0.lowerBound, result.mutablePointer + $0.lowerBound, $0.count)
    }
    return result.recording(self) { [output = result] gradient in
      let inputGradient = Tensor(uninitialized: gradient.shape)
      ThreadPool.forEachRangeUnchecked(gradient.count, grain: Kernels.grain) {
        let first = $0.lowerBound
        fk_relu_backward(
          output.pointer + first, gradient.pointer + first, inputGradient.mutablePointer + first,
          $0.count)
      }
      return [inputGradient]
    }
  }

  /// The exact Gaussian error linear unit x Φ(x) = x (1 + erf(x / √2)) / 2, elementwise
  /// (Hendrycks and Gimpel, arXiv 1606.08415).
  ///
  /// Within 1.3e-6 relative of the formula for |x| < 6.
  public func gelu() -> Tensor {
    let result = Tensor(uninitialized: shape)
    ThreadPool.forEachRangeUnchecked(count, grain: Kernels.grain / 4) {
      fk_gelu(pointer + $0.lowerBound, result.mutablePointer + $0.lowerBound, $0.count)
    }
    return result.recording(self) { [input = detached] gradient in
      let inputGradient = Tensor(uninitialized: gradient.shape)
      ThreadPool.forEachRangeUnchecked(gradient.count, grain: Kernels.grain / 4) {
        let first = $0.lowerBound
        fk_gelu_backward(
          input.pointer + first, gradient.pointer + first, inputGradient.mutablePointer + first,
          $0.count)
      }
      return [inputGradient]
    }
  }
}
