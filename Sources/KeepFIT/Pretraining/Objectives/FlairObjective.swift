/// Contrastive learning on labeled images alone, as FLAIR does: `L(V, T, Y)`.
public struct FlairObjective: PretrainingObjective {
  /// The objective; it has no settings.
  public init() {}

  public var needsExpertStream: Bool { false }

  public func terms(
    _ batch: EncodedBatch, heads: ObjectiveHeads, mode: ExecutionMode
  ) -> [LossTerm] {
    [LossTerm("public", ContrastiveLoss.imageText(batch.labeled, logitScale: heads.logitScale))]
  }
}
