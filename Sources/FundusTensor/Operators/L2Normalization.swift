import CFundusKernels

extension Tensor {
  /// x / |x| over the last axis, with the Euclidean norm and no ε.
  ///
  /// A row of zeros stays zero and receives no gradient, whereas PyTorch's `x / x.norm()` gives NaN.
  public func l2Normalized() -> Tensor {
    let rows = RowView(shape)
    let result = Tensor(uninitialized: shape)
    let inverse = Tensor(uninitialized: [rows.count])
    rows.forEach {
      let first = $0.lowerBound * rows.columns
      fk_l2_normalize(
        pointer + first, result.mutablePointer + first, inverse.mutablePointer + $0.lowerBound,
        $0.count, rows.columns)
    }
    return result.recording(self) { [output = result] gradient in
      let inputGradient = Tensor(uninitialized: gradient.shape)
      rows.forEach {
        let first = $0.lowerBound * rows.columns
        fk_l2_normalize_backward(
          output.pointer + first, inverse.pointer + $0.lowerBound, gradient.pointer + first,
          inputGradient.mutablePointer + first, $0.count, rows.columns)
      }
      return [inputGradient]
    }
  }
}
