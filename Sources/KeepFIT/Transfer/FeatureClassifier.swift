import Foundation

/// A classifier over image features, as fitted by every transfer method except fine-tuning.
public protocol FeatureClassifier: Sendable {
  /// Logits of all classes, `[N, K]`, from features `[N, D]`. Probabilities are their softmax.
  func logits(_ features: Tensor) -> Tensor
  /// The same, differentiable with respect to the features.
  func differentiableLogits(_ features: Tensor) -> Tensor
}

extension FeatureClassifier {
  /// ``logits(_:)``, for classifiers that consist of tensor operations.
  public func differentiableLogits(_ features: Tensor) -> Tensor { logits(features) }

  /// Probabilities of all classes, `[N, K]`.
  public func probabilities(_ features: Tensor) -> Tensor {
    Autograd.withoutGradients { logits(features).softmax() }
  }
}

/// The text embeddings of the classes of an experiment, the starting point of all methods that use text.
public struct ClassKnowledge: Sendable {
  /// The text embedding of each class, `[K, D]`. Means over several prompts are not normalized again, so a
  /// class with diverse descriptions has lower scores, as published.
  public let textEmbeddings: Tensor
  /// The model's stored logit scale s. Logits are multiplied by exp(s), without clamping.
  public let logitScale: Float

  /// The factor exp(s).
  public var factor: Float { exp(logitScale) }

  /// Creates it from embeddings `[K, D]` and the stored scale.
  public init(textEmbeddings: Tensor, logitScale: Float) {
    precondition(textEmbeddings.rank == 2, "text embeddings are [K, D]")
    self.textEmbeddings = textEmbeddings.detached
    self.logitScale = logitScale
  }

  /// exp(s) X Tᵀ, `[N, K]`.
  func similarities(_ features: Tensor) -> Tensor {
    matmul(features, textEmbeddings, transposeB: true) * factor
  }
}

/// Zero-shot classification, without fitting: logits are `exp(s) X Tᵀ`.
public struct ZeroShot: FeatureClassifier {
  /// The text embeddings of the classes.
  public let knowledge: ClassKnowledge

  /// Creates a classifier from texts.
  public init(_ knowledge: ClassKnowledge) { self.knowledge = knowledge }

  /// `exp(s) X Tᵀ`, `[N, K]`.
  public func logits(_ features: Tensor) -> Tensor { knowledge.similarities(features) }
}

extension LinearProbe: FeatureClassifier {
  /// Logits in single precision; for two classes, 0 and the decision value.
  public func differentiableLogits(_ features: Tensor) -> Tensor {
    var weights = weights.map(Float.init)
    var intercepts = intercepts.map(Float.init)
    if classCount == 2 {
      weights = [Float](repeating: 0, count: featureCount) + weights
      intercepts = [0] + intercepts
    }
    return linear(
      features, weight: Tensor(weights, shape: [classCount, featureCount]),
      bias: Tensor(intercepts, shape: [classCount]))
  }
}

/// Features with labels to fit a method on.
public struct TrainingFeatures: Sendable {
  /// `[N, D]`.
  public let features: Tensor
  /// `[N]`, each below ``classCount``.
  public let labels: [Int]
  /// K.
  public let classCount: Int

  /// The number of samples N.
  public var count: Int { labels.count }

  /// Checks and stores features and labels.
  /// - Throws: ``TransferError/invalid(_:)`` when there are none, the sizes do not match, or a label is out
  ///   of range.
  public init(features: Tensor, labels: [Int], classCount: Int) throws(TransferError) {
    guard features.rank == 2, features.shape[0] == labels.count else {
      throw .invalid("\(labels.count) labels for features of shape \(features.shape)")
    }
    guard !labels.isEmpty else {
      throw .invalid("this method needs training images, and the split has none")
    }
    guard labels.allSatisfy({ $0 >= 0 && $0 < classCount }) else {
      throw .invalid("labels must be among the classes 0 to \(classCount - 1)")
    }
    self.features = features.detached
    self.labels = labels
    self.classCount = classCount
  }

  /// The features of one sample, `[D]`.
  func row(_ index: Int) -> [Float] {
    let width = features.shape[1]
    return features.withSpan { span in (0..<width).map { span[index * width + $0] } }
  }

  func checkWidth(_ knowledge: ClassKnowledge, method: String) throws(TransferError) {
    let (width, texts) = (features.shape[1], knowledge.textEmbeddings.shape)
    if texts[1] != width {
      throw .invalid(
        "\(method) compares images with texts and needs projected features: images have the dimension "
          + "\(width), texts \(texts[1])")
    }
    if texts[0] != classCount {
      throw .invalid("\(texts[0]) texts for \(classCount) classes")
    }
  }
}
