extension Tensor {
  /// Cross-entropy with soft targets: `-(1/N) sum_ij target_ij log softmax_j(logits_ij)`.
  ///
  /// - Parameters:
  ///   - logits: `[N, K]`.
  ///   - targets: `[N, K]`, weights of each class for each row; they usually sum to one, and no
  ///     gradient flows to them.
  public static func softCrossEntropy(logits: Tensor, targets: Tensor) -> Tensor {
    precondition(logits.rank == 2, "logits of shape \(logits.shape) are not [N, K]")
    precondition(logits.shape == targets.shape, "\(targets.shape) does not fit \(logits.shape)")
    let rows = Float(logits.shape[0])
    return (targets.detached * logits.logSoftmax(axis: 1)).sum() / -rows
  }

  /// Cross-entropy with one class for each row: `-(1/N) sum_i log softmax(logits_i)[class_i]`.
  public static func crossEntropy(logits: Tensor, classes: [Int]) -> Tensor {
    softCrossEntropy(logits: logits, targets: .oneHot(classes, count: logits.shape[1]))
  }

  /// The mean of the squared differences.
  public static func meanSquaredError(_ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(a.shape == b.shape, "\(a.shape) and \(b.shape) cannot be compared")
    return (a - b).squared().mean()
  }

  /// Rows of zeros with a one at each class: `[classes.count, count]`.
  public static func oneHot(_ classes: [Int], count: Int) -> Tensor {
    let result = Tensor(zeros: [classes.count, count])
    for (row, index) in classes.enumerated() {
      precondition(index >= 0 && index < count, "there is no class \(index) of \(count)")
      result.mutablePointer[row * count + index] = 1
    }
    return result
  }
}
