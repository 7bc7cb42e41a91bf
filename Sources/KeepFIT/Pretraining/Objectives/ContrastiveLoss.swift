/// The loss terms of the objectives.
public enum ContrastiveLoss {
  /// The logit scale is clamped to `0...ln(100)`, as published (to four decimals).
  public static let logitScaleRange: ClosedRange<Float> = 0...4.6052

  /// The image-text contrastive loss with soft targets:
  ///
  ///     Z = exp(s) T V^T
  ///     L = (CE(Z, Y) + CE(Z^T, Y)) / 2,   CE(Z, Y) = -(1/B) sum_ij Y_ij log softmax_j(Z_i)
  ///
  /// The clamp of `s` is not differentiated, as published: the gradient of `s` is never masked.
  /// - `texts`: `[B, D]`; text embeddings of the stream, or fused ones.
  public static func imageText(
    _ stream: EncodedStream, texts: Tensor? = nil, logitScale: Parameter
  ) -> Tensor {
    let logits = scaledSimilarity(texts ?? stream.texts, stream.images, logitScale: logitScale)
    return
      (Tensor.softCrossEntropy(logits: logits, targets: stream.targets)
      + Tensor.softCrossEntropy(logits: logits.transposed(), targets: stream.targets)) * 0.5
  }

  /// `exp(clamp(s)) T V^T`, `[B, B]`: row i has the similarities of text i with all images.
  ///
  /// - Parameters:
  ///   - texts: text embeddings, `[B, D]`.
  ///   - images: image embeddings, `[B, D]`.
  ///   - logitScale: `s`, a scalar, held in ``logitScaleRange``.
  public static func scaledSimilarity(_ texts: Tensor, _ images: Tensor, logitScale: Parameter)
    -> Tensor
  {
    // s + (clamped - s) has the clamped value and the gradient of s.
    let scale = (logitScale.tensor + (clamped(logitScale) - logitScale.value.item)).exp()
    return matmul(texts, images, transposeB: true) * scale
  }

  /// The logit scale, held in ``logitScaleRange``.
  static func clamped(_ logitScale: Parameter) -> Float {
    min(max(logitScale.value.item, logitScaleRange.lowerBound), logitScaleRange.upperBound)
  }

  /// The soft targets, in which texts match all images of their category:
  /// `Y_ij = [c_i = c_j] / sum_k [c_j = c_k]`, `[B, B]`.
  public static func categoryTargets(_ categories: [String]) -> Tensor {
    var counts: [String: Int] = [:]
    for category in categories { counts[category, default: 0] += 1 }
    let elements = categories.flatMap { row in
      categories.map { column in row == column ? 1 / Float(counts[column]!) : 0 }
    }
    return Tensor(elements, shape: [categories.count, categories.count])
  }

  /// The targets in which each text matches only its own image: the identity, `[B, B]`.
  public static func pairTargets(_ count: Int) -> Tensor {
    .oneHot(Array(0..<count), count: count)
  }

  /// The revision term: the mean squared difference between the texts and the attention over expert texts,
  /// weighted by image similarity; a mean over all `B D` elements.
  ///
  /// Gradients flow to both streams and both encoders.
  /// - Precondition: the batch has an expert stream.
  public static func revision(
    _ batch: EncodedBatch, attention: KnowledgeAttention, mode: ExecutionMode
  ) -> Tensor {
    let expert = batch.requiredExpert
    let revised = attention(
      queries: batch.labeled.images, keys: expert.images, values: expert.texts, mode: mode)
    return Tensor.meanSquaredError(batch.labeled.texts, revised)
  }

  /// The fused texts of both streams: `T + Attn(V, V', T')` and `T' + Attn(V', V, T)`, both from the texts
  /// before fusion and not normalized again.
  /// - Precondition: the batch has an expert stream, and the heads have the fusion attentions.
  public static func fusedTexts(
    _ batch: EncodedBatch, heads: ObjectiveHeads, mode: ExecutionMode
  ) -> (labeled: Tensor, expert: Tensor) {
    let (labeled, expert) = (batch.labeled, batch.requiredExpert)
    let intoLabeled = required(heads.expertIntoLabeled, "fusion attention")(
      queries: labeled.images, keys: expert.images, values: expert.texts, mode: mode.derived(1))
    let intoExpert = required(heads.labeledIntoExpert, "fusion attention")(
      queries: expert.images, keys: labeled.images, values: labeled.texts, mode: mode.derived(2))
    return (labeled.texts + intoLabeled, expert.texts + intoExpert)
  }
}

extension EncodedBatch {
  /// The expert stream, for an objective that needs one.
  /// - Precondition: ``PretrainingObjective/needsExpertStream`` was true, so that there is one.
  public var requiredExpert: EncodedStream { required(expert, "expert stream") }
}

/// Unwraps a value that the caller must provide.
func required<Value>(_ value: Value?, _ name: String) -> Value {
  guard let value else { preconditionFailure("this objective needs the \(name)") }
  return value
}
