import CFundusKernels

extension Tensor {
  /// Layer normalization over the last axis (Ba et al., arXiv 1607.06450):
  /// (x - mean) / sqrt(variance + ε) · γ + β, with the biased variance.
  ///
  /// - Parameters:
  ///   - gamma: the scale γ, `[D]`.
  ///   - beta: the shift β, `[D]`.
  ///   - epsilon: added to the variance; BERT has 1e-12.
  /// - Precondition: the last axis has D elements.
  public func layerNorm(gamma: Tensor, beta: Tensor, epsilon: Float = 1e-12) -> Tensor {
    let rows = RowView(shape)
    precondition(
      gamma.shape == [rows.columns] && beta.shape == [rows.columns],
      "layer norm of \(shape) with a scale of \(gamma.shape) and a shift of \(beta.shape)")
    let isRecorded = isRecorded(self, gamma, beta)
    let result = Tensor(uninitialized: shape)
    let statistics = Tensor(uninitialized: [2, isRecorded ? rows.count : 0])
    rows.forEach { range in
      let first = range.lowerBound * rows.columns
      let mean = isRecorded ? statistics.mutablePointer + range.lowerBound : nil
      fk_layer_norm(
        pointer + first, gamma.pointer, beta.pointer, result.mutablePointer + first, mean,
        mean.map { $0 + rows.count }, range.count, rows.columns, epsilon)
    }
    return result.recording(self, gamma, beta) {
      [input = detached, gamma = gamma.detached] gradient in
      let gradients = LayerNormGradients(
        input: input, gamma: gamma, statistics: statistics, gradient: gradient)
      return [gradients.input, gradients.gamma, gradients.beta]
    }
  }
}

/// The gradients of layer normalization. Those of γ and β are summed over chunks of rows whose
/// number depends on the size alone, and then over the chunks in order.
struct LayerNormGradients {
  let input: Tensor
  let gamma: Tensor
  let beta: Tensor

  /// - Parameter statistics: means, then inverse deviations, of all rows.
  init(input x: Tensor, gamma scale: Tensor, statistics: Tensor, gradient: Tensor) {
    let rows = RowView(x.shape)
    let columns = rows.columns
    input = Tensor(uninitialized: x.shape)
    let chunk = max(32, (rows.count + 31) / 32)
    let chunkCount = (rows.count + chunk - 1) / chunk
    let partial = Tensor(zeros: [max(1, chunkCount), 2, columns])
    let inputPointer = input.mutablePointer
    ThreadPool.forEachRangeUnchecked(rows.count, grain: chunk) {
      let first = $0.lowerBound * columns
      let sums = partial.mutablePointer + $0.lowerBound / chunk * 2 * columns
      fk_layer_norm_backward(
        x.pointer + first, scale.pointer, statistics.pointer + $0.lowerBound,
        statistics.pointer + rows.count + $0.lowerBound, gradient.pointer + first,
        inputPointer + first, sums, sums + columns, $0.count, columns)
    }
    for index in stride(from: 1, to: chunkCount, by: 1) {
      let sums = partial.mutablePointer
      fk_accumulate(sums + index * 2 * columns, 1, sums, 2 * columns)
    }
    gamma = Tensor(shape: [columns], storage: partial.storage)
    beta = Tensor(shape: [columns], storage: partial.storage, offset: columns).copy()
  }
}
