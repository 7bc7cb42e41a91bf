/// x Wᵀ + b, with the names of PyTorch's `Linear`.
final class DenseLayer: Module, Sendable {
  /// `[out, in]`.
  let weight: Parameter
  /// `[out]`.
  let bias: Parameter

  private let packedWeights = PackedWeights()

  /// Weights as BERT begins with them: normal around 0 with deviation 0.02; no bias.
  init(inputs: Int, outputs: Int, initialization: Initialization) {
    weight = Parameter(
      initialization.derived("weight").normal([outputs, inputs], deviation: 0.02))
    bias = Parameter(initialization.derived("bias").constant([outputs], 0))
  }

  func visit(_ state: inout StateVisitor) {
    state.parameter("weight", weight)
    state.parameter("bias", bias)
  }

  /// With gradients.
  func callAsFunction(_ x: Tensor) -> Tensor {
    linear(x, weight: weight.tensor, bias: bias.tensor)
  }

  /// Without gradients, on weights packed once: act(x Wᵀ + b + residual).
  func infer(_ x: Tensor, residual: Tensor? = nil, activation: Activation = .none) -> Tensor {
    packedWeights.matrix(of: [weight])
      .apply(x, bias: bias.value, residual: residual, activation: activation)
  }
}

/// Layer normalisation with the names of PyTorch's `LayerNorm`.
final class NormLayer: Module, Sendable {
  let weight: Parameter
  let bias: Parameter
  let epsilon: Float

  init(width: Int, epsilon: Float, initialization: Initialization) {
    weight = Parameter(initialization.derived("weight").constant([width], 1))
    bias = Parameter(initialization.derived("bias").constant([width], 0))
    self.epsilon = epsilon
  }

  func visit(_ state: inout StateVisitor) {
    state.parameter("weight", weight)
    state.parameter("bias", bias)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    x.layerNorm(gamma: weight.tensor, beta: bias.tensor, epsilon: epsilon)
  }

  /// Of dropout(x) + residual.
  func callAsFunction(
    _ x: Tensor, residual: Tensor, dropout: Float, stream: RandomStream?
  ) -> Tensor {
    x.residualLayerNorm(
      residual, gamma: weight.tensor, beta: bias.tensor, epsilon: epsilon, dropout: dropout,
      stream: stream)
  }
}

/// Weights in the order of the product kernels, packed at the first use after a change.
final class PackedWeights: Sendable {
  private let derived = Derived<PackedMatrix>()

  /// The packed form of weights `[out, in]` on top of each other.
  func matrix(of weights: [Parameter]) -> PackedMatrix {
    derived.value(of: weights) {
      let values = weights.map(\.value)
      return PackedMatrix(
        outputsByInputs: values.count == 1 ? values[0] : .concatenated(values))
    }
  }
}
