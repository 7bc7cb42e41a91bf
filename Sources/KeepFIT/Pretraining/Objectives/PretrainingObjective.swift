/// What the encoders made of one stream of a batch: B images with a text each.
public struct EncodedStream {
  /// Image embeddings of unit length, `[B, D]`.
  public var images: Tensor
  /// Text embeddings of unit length, `[B, D]`.
  public var texts: Tensor
  /// How much image j belongs to text i, `[B, B]`; rows sum to one.
  public var targets: Tensor

  /// An encoded stream.
  /// - Precondition: the shapes agree.
  public init(images: Tensor, texts: Tensor, targets: Tensor) {
    precondition(images.shape == texts.shape, "\(images.shape) images, \(texts.shape) texts")
    let count = images.shape[0]
    precondition(targets.shape == [count, count], "targets of shape \(targets.shape)")
    self.images = images
    self.texts = texts
    self.targets = targets
  }
}

/// An encoded batch: labeled images of public datasets, and expert image-text pairs beside them.
public struct EncodedBatch {
  /// The stream of labeled images.
  public var labeled: EncodedStream
  /// The stream of expert pairs; objectives that do without it accept nil.
  public var expert: EncodedStream?

  /// An encoded batch.
  public init(labeled: EncodedStream, expert: EncodedStream? = nil) {
    self.labeled = labeled
    self.expert = expert
  }
}

/// One named part of a loss.
public struct LossTerm {
  /// `public`, `expert` or `revision`.
  public let name: String
  /// The value before weighting, a scalar.
  public let value: Tensor
  /// What it counts in the loss.
  public let weight: Float

  /// A part of a loss.
  public init(_ name: String, _ value: Tensor, weight: Float = 1) {
    self.name = name
    self.value = value
    self.weight = weight
  }
}

/// The trained parts of a model that the objectives use besides the encoders.
public struct ObjectiveHeads {
  /// `s`; similarities are multiplied by `exp(clamp(s, 0, 4.6052))`.
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
public protocol PretrainingObjective: Sendable {
  /// Whether batches must have an expert stream.
  var needsExpertStream: Bool { get }
  /// Whether the model must have the knowledge attention.
  var needsAttention: Bool { get }
  /// Whether the model must have the two fusion attentions.
  var needsFusion: Bool { get }

  /// The parts of the loss of one batch.
  ///
  /// - `mode`: the dropout of the attentions draws from it.
  /// - Precondition: the batch and the heads have what this objective needs.
  func terms(_ batch: EncodedBatch, heads: ObjectiveHeads, mode: ExecutionMode) -> [LossTerm]
}

extension PretrainingObjective {
  public var needsExpertStream: Bool { true }
  public var needsAttention: Bool { false }
  public var needsFusion: Bool { false }
}

extension Collection<LossTerm> {
  /// The weighted sum of the parts.
  public var loss: Tensor {
    precondition(!isEmpty, "a loss without parts")
    let weighted = map { $0.weight == 1 ? $0.value : $0.value * $0.weight }
    return weighted.dropFirst().reduce(weighted[0], +)
  }
}
