/// The paper's objective with fused texts in the contrastive terms; the revision term uses the texts before
/// fusion: `L(V, T~, Y) + L(V', T~', Y') + w L_rev`.
public struct KeepFITFusionObjective: PretrainingObjective, Sendable {
  /// The weight of the revision term, published as 100.
  public let revisionWeight: Float

  /// Creates the objective with a weight of the revision term.
  public init(revisionWeight: Float = 100) { self.revisionWeight = revisionWeight }

  public var needsAttention: Bool { true }
  public var needsFusion: Bool { true }

  public func terms(
    _ batch: EncodedBatch, heads: ObjectiveHeads, mode: ExecutionMode
  ) -> [LossTerm] {
    let attention = required(heads.attention, "knowledge attention")
    return MixedFusionObjective().terms(batch, heads: heads, mode: mode) + [
      LossTerm(
        "revision", ContrastiveLoss.revision(batch, attention: attention, mode: mode.derived(0)),
        weight: revisionWeight)
    ]
  }
}
