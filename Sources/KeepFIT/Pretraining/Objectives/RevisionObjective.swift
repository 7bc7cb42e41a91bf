/// Contrastive learning on labeled images, with texts revised by expert texts: `L(V, T, Y) + w L_rev`.
public struct RevisionObjective: PretrainingObjective, Sendable {
  /// The weight of the revision term, published as 1 for this variant.
  public let revisionWeight: Float

  /// Creates the objective with a weight of the revision term.
  public init(revisionWeight: Float = 1) { self.revisionWeight = revisionWeight }

  public var needsAttention: Bool { true }

  public func terms(
    _ batch: EncodedBatch, heads: ObjectiveHeads, mode: ExecutionMode
  ) -> [LossTerm] {
    let attention = required(heads.attention, "knowledge attention")
    return [
      LossTerm("public", ContrastiveLoss.imageText(batch.labeled, logitScale: heads.logitScale)),
      LossTerm(
        "revision", ContrastiveLoss.revision(batch, attention: attention, mode: mode.derived(0)),
        weight: revisionWeight),
    ]
  }
}
