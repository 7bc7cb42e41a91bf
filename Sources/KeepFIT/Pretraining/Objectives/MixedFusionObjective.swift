/// Contrastive learning on both streams, with texts fused across streams: `L(V, T~, Y) + w L(V', T~', Y')`.
public struct MixedFusionObjective: PretrainingObjective, Sendable {
  /// The weight of the expert stream, published as 1.
  public let expertWeight: Float

  /// Creates the objective with a weight of the expert stream.
  public init(expertWeight: Float = 1) { self.expertWeight = expertWeight }

  public var needsFusion: Bool { true }

  public func terms(
    _ batch: EncodedBatch, heads: ObjectiveHeads, mode: ExecutionMode
  ) -> [LossTerm] {
    let fused = ContrastiveLoss.fusedTexts(batch, heads: heads, mode: mode)
    let scale = heads.logitScale
    return [
      LossTerm(
        "public",
        ContrastiveLoss.imageText(batch.labeled, texts: fused.labeled, logitScale: scale)),
      LossTerm(
        "expert",
        ContrastiveLoss.imageText(batch.requiredExpert, texts: fused.expert, logitScale: scale),
        weight: expertWeight),
    ]
  }
}
