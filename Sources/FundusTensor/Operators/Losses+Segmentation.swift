// Losses of segmentation and regression. Each is a scalar, the mean over what it is summed over.

extension Tensor {
  /// Binary cross-entropy of logits, without overflow:
  ///
  ///     mean of max(x, 0) - x t + log(1 + exp(-|x|))
  ///
  /// PyTorch's `binary_cross_entropy_with_logits`.
  /// - Parameters:
  ///   - logits: x, of any shape.
  ///   - targets: t in 0...1, of the same shape; no gradient flows to them.
  ///   - positiveWeight: the weight of the positive term, for rare positives.
  public static func binaryCrossEntropy(
    logits: Tensor, targets: Tensor, positiveWeight: Float = 1
  ) -> Tensor {
    checkLoss(logits, targets)
    let t = targets.detached
    let positive = t * (-logits).softplus()
    let negative = (1 - t) * logits.softplus()
    return (positiveWeight == 1 ? positive + negative : positive * positiveWeight + negative)
      .mean()
  }

  /// One minus the soft Dice coefficient (Milletari et al., arXiv 1606.04797), the mean over images and
  /// channels:
  ///
  ///     1 - (2 Σ p t + s) / (Σ p + Σ t + s)
  ///
  /// with sums over the pixels of an image.
  /// - Parameters:
  ///   - probabilities: p in 0...1, `[N, H, W, C]`, from a sigmoid or a softmax.
  ///   - targets: t in 0...1, of the same shape; no gradient flows to them.
  ///   - smoothing: s, which makes the loss 0 if both prediction and target are empty.
  public static func diceLoss(
    probabilities: Tensor, targets: Tensor, smoothing: Float = 1
  ) -> Tensor {
    checkLoss(probabilities, targets)
    precondition(probabilities.rank == 4, "masks are [N, H, W, C], not \(probabilities.shape)")
    let t = targets.detached
    let overlap = (probabilities * t).sum(axes: [1, 2])
    let total = probabilities.sum(axes: [1, 2]) + t.sum(axes: [1, 2])
    return 1 - ((2 * overlap + smoothing) / (total + smoothing)).mean()
  }

  /// The mean of the absolute differences, PyTorch's `l1_loss`.
  public static func meanAbsoluteError(_ a: Tensor, _ b: Tensor) -> Tensor {
    checkLoss(a, b)
    return (a - b).abs().mean()
  }

  /// Cross-entropy with one class for each vector along the last axis, such as each pixel of
  /// `[N, H, W, K]`:
  ///
  ///     -(1/M) Σ log softmax(logits_i)[class_i]    over the M positions whose class counts
  ///
  /// - Parameters:
  ///   - logits: `[…, K]`.
  ///   - classes: the class of each position, below K, in row-major order of the other axes.
  ///   - ignoring: a class that does not count, such as that of unlabeled pixels, as PyTorch's
  ///     `ignore_index`. At least one position must count.
  public static func crossEntropy(
    logits: Tensor, classes: [Int], ignoring: Int
  ) -> Tensor {
    precondition(logits.rank > 0, "logits have classes along their last axis")
    let count = logits.shape[logits.rank - 1]
    let rows = logits.reshaped([-1, count])
    precondition(
      classes.count == rows.shape[0], "\(classes.count) classes for logits of \(logits.shape)")
    let kept = classes.indices.filter { classes[$0] != ignoring }
    precondition(!kept.isEmpty, "every class is ignored")
    return crossEntropy(
      logits: kept.count == classes.count ? rows : rows.gathered(kept),
      classes: kept.map { classes[$0] })
  }

  private static func checkLoss(_ a: Tensor, _ b: Tensor) {
    precondition(a.shape == b.shape, "\(a.shape) and \(b.shape) cannot be compared")
    precondition(a.count > 0, "a loss of no elements")
  }
}
