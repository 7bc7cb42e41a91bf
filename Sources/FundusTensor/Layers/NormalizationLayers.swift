/// Layer normalization over the last axis (Ba et al., arXiv 1607.06450):
///
///     y = (x - mean) / √(variance + ε) · weight + bias
///
/// with the biased variance. State: `weight`, `bias`, as PyTorch's `nn.LayerNorm`.
public final class LayerNorm: Layer, Sendable {
  /// `[D]`, starts as ones.
  public let weight: Parameter
  /// `[D]`, starts as zeros.
  public let bias: Parameter
  /// ε, added to the variance.
  public let epsilon: Float

  /// A layer norm of D features.
  public init(features: Int, epsilon: Float = 1e-5, initialization: Initialization = .next) {
    weight = Parameter(initialization.constant([features], 1))
    bias = Parameter(initialization.constant([features], 0))
    self.epsilon = epsilon
  }

  /// Registers the state with PyTorch's names.
  public func visit(_ state: inout StateVisitor) {
    state.parameter("weight", weight)
    state.parameter("bias", bias)
  }

  /// `[…, D]` to the same shape.
  public func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor {
    x.layerNorm(
      gamma: weight.tensor(in: mode), beta: bias.tensor(in: mode), epsilon: epsilon)
  }

  /// The same with gradients for the parameters wherever they are recorded.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.layerNorm(gamma: weight.tensor, beta: bias.tensor, epsilon: epsilon)
  }

  /// Of dropout(x) + residual, in one pass.
  package func callAsFunction(
    _ x: Tensor, residual: Tensor, dropout: Float, stream: RandomStream?
  ) -> Tensor {
    x.residualLayerNorm(
      residual, gamma: weight.tensor, beta: bias.tensor, epsilon: epsilon, dropout: dropout,
      stream: stream)
  }
}

extension BatchNorm2d: Layer {
  /// `[N, H, W, C]` to the same shape: with the batch statistics in training, which also update the running
  /// statistics, and with the running statistics in inference. Frozen layers always use the running
  /// statistics.
  public func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor {
    if mode.isTraining { return self(x, statistics: .batch(updates: true)) }
    return batchNorm(
      x, weight: weight.value, bias: bias.value, runningMean: runningMean,
      runningVariance: runningVariance, statistics: .running, epsilon: epsilon)
  }
}
