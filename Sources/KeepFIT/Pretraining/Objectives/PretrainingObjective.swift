/// The embeddings of one stream of a batch: B images with one text each.
public struct EncodedStream {
  /// Image embeddings of unit length, `[B, D]`.
  public var images: Tensor
  /// Text embeddings of unit length, `[B, D]`.
  public var texts: Tensor
  /// The soft targets of image j for text i, `[B, B]`; rows sum to one.
  public var targets: Tensor

  /// Creates an encoded stream.
  /// - Precondition: the shapes match.
  public init(images: Tensor, texts: Tensor, targets: Tensor) {
    precondition(images.shape == texts.shape, "\(images.shape) images, \(texts.shape) texts")
    let count = images.shape[0]
    precondition(targets.shape == [count, count], "targets of shape \(targets.shape)")
    self.images = images
    self.texts = texts
    self.targets = targets
  }
}

/// An encoded batch: labeled images of public datasets, and expert image-text pairs.
public struct EncodedBatch {
  /// The stream of labeled images.
  public var labeled: EncodedStream
  /// The stream of expert pairs; nil for objectives that do not use it.
  public var expert: EncodedStream?

  /// Creates an encoded batch.
  public init(labeled: EncodedStream, expert: EncodedStream? = nil) {
    self.labeled = labeled
    self.expert = expert
  }
}

/// A named term of a loss.
public struct LossTerm {
  /// Its name in `metrics.jsonl` and reports: `public`, `expert` or `revision` in the built-in objectives.
  public let name: String
  /// The value before weighting, a scalar.
  public let value: Tensor
  /// The weight in the loss.
  public let weight: Float

  /// Creates a loss term.
  public init(_ name: String, _ value: Tensor, weight: Float = 1) {
    self.name = name
    self.value = value
    self.weight = weight
  }
}

/// The trained parts of a model, besides the encoders, that the objectives use.
public struct ObjectiveHeads {
  /// The logit scale `s`; similarities are multiplied by `exp(clamp(s, 0, 4.6052))`.
  public let logitScale: Parameter
  /// The knowledge attention that revises texts (two heads).
  public let attention: KnowledgeAttention?
  /// Fusion of expert texts into the labeled stream (`atte_TD2KD`, one head).
  public let expertIntoLabeled: KnowledgeAttention?
  /// Fusion of labeled texts into the expert stream (`atte_KD2TD`, one head).
  public let labeledIntoExpert: KnowledgeAttention?

  /// The heads of a model.
  public init(
    logitScale: Parameter, attention: KnowledgeAttention? = nil,
    expertIntoLabeled: KnowledgeAttention? = nil, labeledIntoExpert: KnowledgeAttention? = nil
  ) {
    self.logitScale = logitScale
    self.attention = attention
    self.expertIntoLabeled = expertIntoLabeled
    self.labeledIntoExpert = labeledIntoExpert
  }
}

/// A loss for pretraining (KeepFIT, arXiv 2405.11793, section 2, and its ablations).
///
/// An objective that is also a `Module` can have its own parameters: they are trained with the model, and
/// kept in the checkpoints as `objective.safetensors`.
public protocol PretrainingObjective {
  /// Whether the objective needs an expert stream.
  var needsExpertStream: Bool { get }
  /// Whether the objective needs the knowledge attention.
  var needsAttention: Bool { get }
  /// Whether the objective needs the two fusion attentions.
  var needsFusion: Bool { get }

  /// The loss terms of a batch.
  ///
  /// - `mode`: the mode, with the random stream of dropout in the attentions.
  /// - Precondition: the batch and the heads contain what this objective needs.
  func terms(_ batch: EncodedBatch, heads: ObjectiveHeads, mode: ExecutionMode) -> [LossTerm]
}

extension PretrainingObjective {
  public var needsExpertStream: Bool { true }
  public var needsAttention: Bool { false }
  public var needsFusion: Bool { false }
}

extension Collection<LossTerm> {
  /// The weighted sum of the terms.
  public var loss: Tensor {
    precondition(!isEmpty, "a loss without terms")
    let weighted = map { $0.weight == 1 ? $0.value : $0.value * $0.weight }
    return weighted.dropFirst().reduce(weighted[0], +)
  }
}
