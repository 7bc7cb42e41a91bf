import CFundusKernels

extension Tensor {
  /// Layer normalization of dropout(x) + residual, as each half of a transformer layer ends, in two
  /// passes over memory.
  ///
  /// - Parameters:
  ///   - residual: of the same shape.
  ///   - gamma: the scale, `[D]`.
  ///   - beta: the shift, `[D]`.
  ///   - dropout: the dropout rate of this tensor; needs a stream when positive.
  package func residualLayerNorm(
    _ residual: Tensor, gamma: Tensor, beta: Tensor, epsilon: Float, dropout: Float = 0,
    stream: RandomStream? = nil
  ) -> Tensor {
    let rows = RowView(shape)
    precondition(residual.shape == shape, "a residual of \(residual.shape) for \(shape)")
    precondition(
      gamma.shape == [rows.columns] && beta.shape == [rows.columns],
      "layer norm of \(shape) with a scale of \(gamma.shape) and a shift of \(beta.shape)")
    precondition(dropout >= 0 && dropout < 1, "a dropout rate of \(dropout) is outside of 0..<1")
    precondition(dropout == 0 || stream != nil, "dropout needs a random stream")
    let isRecorded = isRecorded(self, residual, gamma, beta)
    let result = Tensor(uninitialized: shape)
    let sum = Tensor(uninitialized: shape)
    let statistics = Tensor(uninitialized: [2, isRecorded ? rows.count : 0])
    // A multiple of 128 rows begins on a multiple of 128 elements, as the random numbers ask.
    ThreadPool.forEachRangeUnchecked(rows.count, grain: dropout > 0 ? 128 : rows.grain) { range in
      let first = range.lowerBound * rows.columns
      let size = range.count * rows.columns
      let target = sum.mutablePointer + first
      if dropout > 0, let stream {
        fk_dropout(pointer + first, target, size, first, stream.key, stream.stream, dropout)
      } else {
        target.update(from: pointer + first, count: size)
      }
      let mean = isRecorded ? statistics.mutablePointer + range.lowerBound : nil
      fk_residual_layer_norm(
        target, nil, residual.pointer + first, gamma.pointer, beta.pointer,
        result.mutablePointer + first, mean, mean.map { $0 + rows.count }, range.count,
        rows.columns, epsilon)
    }
    return result.recording(self, residual, gamma, beta) { [gamma = gamma.detached] gradient in
      let gradients = LayerNormGradients(
        input: sum, gamma: gamma, statistics: statistics, gradient: gradient)
      var own = gradients.input
      if dropout > 0, let stream { own = own.dropout(dropout, stream) }
      return [own, gradients.input, gradients.gamma, gradients.beta]
    }
  }

  /// The mean of consecutive rows for each group of them: `[R, D]` to `[groups, D]`.
  /// - Precondition: the groups are not empty and have R rows together.
  package func groupMeans(of sizes: [Int]) -> Tensor {
    precondition(
      rank == 2 && sizes.reduce(0, +) == shape[0] && sizes.allSatisfy { $0 > 0 },
      "groups of \(sizes) rows in \(shape)")
    let columns = shape[1]
    let starts = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    let result = Tensor(zeros: [sizes.count, columns])
    ThreadPool.forEachRangeUnchecked(sizes.count, grain: 4) {
      for group in $0 {
        let target = result.mutablePointer + group * columns
        for row in starts[group]..<starts[group + 1] {
          fk_accumulate(pointer + row * columns, 1, target, columns)
        }
        fk_scale_shift(target, 1 / Float(sizes[group]), 0, target, columns)
      }
    }
    return result.recording(self) { gradient in
      let rows = Tensor(uninitialized: [starts[sizes.count], columns])
      ThreadPool.forEachRangeUnchecked(sizes.count, grain: 4) {
        for group in $0 {
          for row in starts[group]..<starts[group + 1] {
            fk_scale_shift(
              gradient.pointer + group * columns, 1 / Float(sizes[group]), 0,
              rows.mutablePointer + row * columns, columns)
          }
        }
      }
      return [rows]
    }
  }
}
