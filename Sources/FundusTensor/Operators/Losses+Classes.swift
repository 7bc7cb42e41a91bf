import CFundusKernels

extension Tensor {
  /// The negative log-likelihood of one class per row, summed: `-Σ_i log softmax(logits_i)[class_i]`.
  ///
  /// Needs no one-hot targets, so it is suitable for large vocabularies; the sum is computed in double
  /// precision.
  /// - Parameters:
  ///   - logits: `[N, K]`.
  ///   - classes: N of them below K.
  /// - Returns: a scalar; 0 when there are no rows.
  public static func negativeLogLikelihood(logits: Tensor, classes: [Int32]) -> Tensor {
    precondition(
      logits.rank == 2 && logits.shape[0] == classes.count,
      "\(classes.count) classes for logits of \(logits.shape)")
    let count = logits.shape[1]
    let likelihoods = Autograd.withoutGradients { logits.detached.logSoftmax(axis: 1) }
    var sum = 0.0
    for (row, index) in classes.enumerated() {
      precondition(index >= 0 && index < count, "there is no class \(index) of \(count)")
      sum -= Double(likelihoods.pointer[row * count + Int(index)])
    }
    return Tensor(Float(sum)).recording(logits) { gradient in
      let scale = gradient.item
      let result = Tensor(uninitialized: likelihoods.shape)
      let rows = RowView(likelihoods.shape)
      rows.forEach { range in
        let first = range.lowerBound * count
        let target = result.mutablePointer + first
        fk_exponential(likelihoods.pointer + first, target, range.count * count)
        fk_scale_shift(target, scale, 0, target, range.count * count)
        for row in range { result.mutablePointer[row * count + Int(classes[row])] -= scale }
      }
      return [result]
    }
  }
}
