import Foundation

/// A fold with its classifier, while the classifier's weights are in place: what
/// ``TransferRun/onFold`` is told about.
public struct FittedFold {
  /// The label of each class.
  public let classes: [String]
  /// What was predicted.
  public let fold: TransferResult.Fold
  /// How it was evaluated.
  public let configuration: TransferConfiguration
  /// The directory that the test images' paths start from.
  public let root: URL
  let fitted: FittedMethod

  /// The question what speaks for one class and against another, to this classifier.
  ///
  /// The score is the difference of the two logits as the classifier computes them; the encoder that
  /// fine-tuning changed is in place as long as this fold is.
  public func query(for predicted: Int, against other: Int) -> Explanation.Query {
    Explanation.Query(
      classes: classes, predicted: predicted, against: other, projects: fitted.projects,
      logits: fitted.differentiableLogits)
  }
}

extension FittedMethod {
  /// Whether the classifier looks at projected features.
  var projects: Bool {
    if case .tuned(let model) = content { return model.projects }
    return configuration.projects
  }

  /// Logits of every class, `[B, K]`, from features; gradients pass to the features.
  func differentiableLogits(_ features: Tensor) -> Tensor {
    switch content {
    case .features(let classifier): classifier.differentiableLogits(features)
    case .tuned(let model): linear(features, weight: model.weight, bias: model.bias)
    }
  }
}
