import CFundusKernels

extension Tensor {
  /// The layer normalization of the "Annotated Transformer" over the last axis:
  ///
  ///     y = (x - mean) / (s + ε) · γ + β
  ///
  /// where s is the unbiased standard deviation, the root of Σ (x - mean)² / (D - 1), and ε stands
  /// outside of the root. ``layerNorm(gamma:beta:epsilon:)`` differs in both.
  ///
  /// - Parameters:
  ///   - gamma: the scale γ, `[D]`.
  ///   - beta: the shift β, `[D]`.
  ///   - epsilon: added to the standard deviation.
  /// - Precondition: the last axis has D elements, at least 2.
  public func deviationNorm(gamma: Tensor, beta: Tensor, epsilon: Float = 1e-6) -> Tensor {
    let rows = RowView(shape)
    precondition(
      rows.columns > 1 && gamma.shape == [rows.columns] && beta.shape == [rows.columns],
      "layer norm of \(shape) with a scale of \(gamma.shape) and a shift of \(beta.shape)")
    let isRecorded = isRecorded(self, gamma, beta)
    let result = Tensor(uninitialized: shape)
    let statistics = Tensor(uninitialized: [2, isRecorded ? rows.count : 0])
    rows.forEach { range in
      let first = range.lowerBound * rows.columns
      let mean = isRecorded ? statistics.mutablePointer + range.lowerBound : nil
      fk_deviation_norm(
        pointer + first, gamma.pointer, beta.pointer, result.mutablePointer + first, mean,
        mean.map { $0 + rows.count }, range.count, rows.columns, epsilon)
    }
    return result.recording(self, gamma, beta) {
      [input = detached, gamma = gamma.detached] gradient in
      let columns = rows.columns
      let inputGradient = Tensor(uninitialized: input.shape)
      // The sums for γ and β run over chunks of rows whose number depends on the size alone, and then
      // over the chunks in order.
      let chunk = max(32, (rows.count + 31) / 32)
      let chunkCount = (rows.count + chunk - 1) / chunk
      let partial = Tensor(zeros: [max(1, chunkCount), 2, columns])
      ThreadPool.forEachRange(rows.count, grain: chunk) {
        let first = $0.lowerBound * columns
        let sums = partial.mutablePointer + $0.lowerBound / chunk * 2 * columns
        fk_deviation_norm_backward(
          input.pointer + first, gamma.pointer, statistics.pointer + $0.lowerBound,
          statistics.pointer + rows.count + $0.lowerBound, gradient.pointer + first,
          inputGradient.mutablePointer + first, sums, sums + columns, $0.count, columns, epsilon)
      }
      let sums = partial.sum(axis: 0)
      return [
        inputGradient, sums.sliced(0..<1).reshaped([columns]),
        sums.sliced(1..<2).reshaped([columns]),
      ]
    }
  }
}
