/// A model whose feature maps can be looked at.
public protocol ExplainableModel: TransferModel {
  /// The activations after each stage, `[B, h, w, F]`, from the first to the last, whose mean over h
  /// and w are the raw features. Nothing is recorded.
  func stages(of images: Tensor) -> [Tensor]
  /// Raw features `[B, F]`, or projected ones `[B, D]`, that follow from the activations after a stage,
  /// counted from 0. Differentiable with respect to the activations, not to the weights.
  func features(afterStage stage: Int, _ activations: Tensor, projected: Bool) -> Tensor
}
