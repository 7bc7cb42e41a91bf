import Foundation

/// A fold with its fitted classifier, while the classifier's weights are in place, as passed to
/// ``TransferRun/onFold``.
public struct FittedFold {
  /// The label of each class.
  public let classes: [String]
  /// The results.
  public let fold: TransferResult.Fold
  /// The configuration.
  public let configuration: TransferConfiguration
  /// The root directory of the test images' paths.
  public let root: URL
  let fitted: FittedMethod

  /// A query for a saliency map of one class versus another, for this classifier.
  ///
  /// The score is the difference of the two logits of the classifier; a fine-tuned encoder is in place only
  /// as long as this fold is.
  public func query(for predicted: Int, against other: Int) -> Explanation.Query {
    Explanation.Query(
      classes: classes, predicted: predicted, against: other, projects: fitted.projects,
      logits: fitted.differentiableLogits)
  }
}

extension FittedMethod {
  /// Whether the classifier uses projected features.
  var projects: Bool {
    if case .tuned(let model) = content { return model.projects }
    return configuration.projects
  }

  /// Logits of all classes, `[B, K]`, from features; differentiable with respect to the features.
  func differentiableLogits(_ features: Tensor) -> Tensor {
    switch content {
    case .features(let classifier): classifier.differentiableLogits(features)
    case .tuned(let model): linear(features, weight: model.weight, bias: model.bias)
    }
  }
}
