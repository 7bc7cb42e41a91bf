/// Contrastive learning on labeled images and expert pairs: `L(V, T, Y) + w L(V', T', Y')`.
public struct MixedObjective: PretrainingObjective, Sendable {
  /// The weight of the expert stream, published as 1.
  public let expertWeight: Float

  /// Creates the objective with a weight of the expert stream.
  public init(expertWeight: Float = 1) { self.expertWeight = expertWeight }

  public func terms(
    _ batch: EncodedBatch, heads: ObjectiveHeads, mode: ExecutionMode
  ) -> [LossTerm] {
    [
      LossTerm("public", ContrastiveLoss.imageText(batch.labeled, logitScale: heads.logitScale)),
      LossTerm(
        "expert", ContrastiveLoss.imageText(batch.requiredExpert, logitScale: heads.logitScale),
        weight: expertWeight),
    ]
  }
}
