/// The objective of the paper: contrastive learning on both streams, and revision of the labeled texts by
/// the expert texts:
/// `L(V, T, Y) + L(V', T', Y') + w L_rev`.
public struct KeepFITObjective: PretrainingObjective, Sendable {
  /// The weight of the revision term, published as 100.
  public let revisionWeight: Float

  /// Creates the objective with a weight of the revision term.
  public init(revisionWeight: Float = 100) { self.revisionWeight = revisionWeight }

  public var needsAttention: Bool { true }

  public func terms(
    _ batch: EncodedBatch, heads: ObjectiveHeads, mode: ExecutionMode
  ) -> [LossTerm] {
    let attention = required(heads.attention, "knowledge attention")
    return MixedObjective().terms(batch, heads: heads, mode: mode) + [
      LossTerm(
        "revision", ContrastiveLoss.revision(batch, attention: attention, mode: mode.derived(0)),
        weight: revisionWeight)
    ]
  }
}
