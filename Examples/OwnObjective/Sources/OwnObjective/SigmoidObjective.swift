import KeepFIT

/// The pairwise sigmoid loss of SigLIP (arXiv 2303.15343) on labeled images: every text is compared with
/// every image, and each of the B x B pairs is a yes-or-no question.
final class SigmoidObjective: Module, PretrainingObjective {
  /// Trained with the model and saved in the checkpoints, as this class is a `Module`.
  let bias = Parameter(Tensor([-10], shape: []))
  let needsExpertStream = false

  func terms(_ batch: EncodedBatch, heads: ObjectiveHeads, mode: ExecutionMode) -> [LossTerm] {
    let (texts, images) = (batch.labeled.texts, batch.labeled.images)
    let similarity = ContrastiveLoss.scaledSimilarity(
      texts, images, logitScale: heads.logitScale)
    let signs = (batch.labeled.targets .> 0) * 2 - 1  // 1 where text and image share a category
    return [LossTerm("sigmoid", (-signs * (similarity + bias.tensor)).softplus().mean())]
  }
}
