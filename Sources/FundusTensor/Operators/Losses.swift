import CFundusKernels

extension Tensor {
  /// Cross-entropy with soft targets: `-(1/N) sum_ij target_ij log softmax_j(logits_ij)`.
  ///
  /// A class of weight 0 contributes nothing, however unlikely it is: logits of -infinity exclude classes.
  /// NaN when there are no rows.
  /// - Parameters:
  ///   - logits: `[N, K]`.
  ///   - targets: `[N, K]`, weights of each class for each row; they usually sum to one, and no
  ///     gradient flows to them.
  public static func softCrossEntropy(logits: Tensor, targets: Tensor) -> Tensor {
    precondition(logits.rank == 2, "logits of shape \(logits.shape) are not [N, K]")
    precondition(logits.shape == targets.shape, "\(targets.shape) does not fit \(logits.shape)")
    let rows = Float(logits.shape[0])
    return logits.logSoftmax(axis: 1).weighted(by: targets.detached).sum() / -rows
  }

  /// The product with `weights` of the same shape, in which a weight of 0 makes 0 of any element, also
  /// of an infinite one.
  private func weighted(by weights: Tensor) -> Tensor {
    Kernels.zip(weights, self, fk_weight).recording(self) { [$0 * weights] }
  }

  /// Cross-entropy with one class for each vector along the last axis:
  /// `-(1/M) sum_i log softmax(logits_i)[class_i]`.
  ///
  /// - Parameters:
  ///   - logits: `[…, K]`: `[N, K]` of a classifier, `[N, H, W, K]` of a segmenter; -infinity rules a
  ///     class out.
  ///   - classes: M of them below K, in row-major order of the axes before the last.
  public static func crossEntropy(logits: Tensor, classes: [Int]) -> Tensor {
    precondition(logits.rank >= 2, "logits of shape \(logits.shape) are not [..., K]")
    let count = logits.shape[logits.rank - 1]
    return softCrossEntropy(
      logits: logits.reshaped([-1, count]), targets: .oneHot(classes, count: count))
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
