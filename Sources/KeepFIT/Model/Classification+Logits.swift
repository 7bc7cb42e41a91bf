extension Classification {
  /// Scores `[N, K]` and their softmax.
  package init(labels: [String], logits: Tensor) {
    func rows(_ tensor: Tensor) -> [[Float]] {
      let scalars = tensor.scalars
      return stride(from: 0, to: scalars.count, by: labels.count).map {
        Array(scalars[$0..<$0 + labels.count])
      }
    }
    self.init(
      labels: labels, logits: rows(logits), probabilities: rows(logits.softmax(axis: 1)))
  }
}
