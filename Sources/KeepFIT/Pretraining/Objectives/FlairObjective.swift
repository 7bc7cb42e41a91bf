/// Contrastive learning on labeled images only, as in FLAIR: `L(V, T, Y)`.
public struct FlairObjective: PretrainingObjective, Sendable {
  /// Creates the objective, which has no settings.
  public init() {}

  public var needsExpertStream: Bool { false }

  public func terms(
    _ batch: EncodedBatch, heads: ObjectiveHeads, mode: ExecutionMode
  ) -> [LossTerm] {
    [LossTerm("public", ContrastiveLoss.imageText(batch.labeled, logitScale: heads.logitScale))]
  }
}
