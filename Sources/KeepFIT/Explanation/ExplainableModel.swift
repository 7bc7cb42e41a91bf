/// A model that exposes its feature maps.
public protocol ExplainableModel: TransferModel {
  /// The activations after each stage, `[B, h, w, F]`, from the first to the last, whose mean over h and w
  /// gives the raw features. No gradients are recorded.
  func stages(of images: Tensor) -> [Tensor]
  /// Raw features `[B, F]`, or projected ones `[B, D]`, computed from the activations after a stage, counted
  /// from 0. Differentiable with respect to the activations, not the weights.
  func features(afterStage stage: Int, _ activations: Tensor, projected: Bool) -> Tensor
}
