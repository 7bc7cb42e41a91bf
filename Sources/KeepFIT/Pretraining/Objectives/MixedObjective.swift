/// Labeled images and expert pairs side by side: `L(V, T, Y) + w L(V', T', Y')`.
public struct MixedObjective: PretrainingObjective {
  /// The weight of the expert stream, published as 1.
  public let expertWeight: Float

  /// The objective with the weight of its expert stream.
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
