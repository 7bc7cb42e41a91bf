/// One layer of the encoder: attention and a feed-forward block, each followed by dropout, the
/// residual and layer normalization.
final class BertLayer: Module, Sendable {
  /// The rates of dropout in training.
  struct Dropout: Sendable {
    let hidden: Float, attention: Float
  }

  private let headCount: Int
  let query, key, value: Linear
  let attentionOutput: Linear
  let attentionNorm: LayerNorm
  let intermediate: Linear
  let output: Linear
  let outputNorm: LayerNorm

  private let packedInputs = PackedWeights()

  init(_ configuration: BertConfiguration, initialization: Initialization) {
    headCount = configuration.headCount
    let width = configuration.hiddenSize
    func dense(_ name: String, _ inputs: Int, _ outputs: Int) -> Linear {
      Linear(bertInputs: inputs, outputs: outputs, initialization: initialization.derived(name))
    }
    func norm(_ name: String) -> LayerNorm {
      LayerNorm(
        features: width, epsilon: configuration.layerNormEpsilon,
        initialization: initialization.derived(name))
    }
    query = dense("query", width, width)
    key = dense("key", width, width)
    value = dense("value", width, width)
    attentionOutput = dense("attention.output", width, width)
    attentionNorm = norm("attention.norm")
    intermediate = dense("intermediate", width, configuration.intermediateSize)
    output = dense("output", configuration.intermediateSize, width)
    outputNorm = norm("norm")
  }

  func visit(_ state: inout StateVisitor) {
    state.child("attention.self.query", query)
    state.child("attention.self.key", key)
    state.child("attention.self.value", value)
    state.child("attention.output.dense", attentionOutput)
    state.child("attention.output.LayerNorm", attentionNorm)
    state.child("intermediate.dense", intermediate)
    state.child("output.dense", output)
    state.child("output.LayerNorm", outputNorm)
  }

  /// With gradients and, in training, dropout.
  /// - Parameter x: `[R, D]`.
  func callAsFunction(
    _ x: Tensor, layout: AttentionLayout, dropout: Dropout, mode: ExecutionMode
  ) -> Tensor {
    var hiddenDropout: Float = 0, attentionDropout: Float = 0
    var stream: RandomStream?
    if case .training(let given) = mode {
      (hiddenDropout, attentionDropout) = (dropout.hidden, dropout.attention)
      stream = given
    }
    let inputs = [query, key, value]
    let rows = linear(
      x, weight: .concatenated(inputs.map(\.weight.tensor)),
      bias: .concatenated(inputs.map(\.bias!.tensor)))
    let mixed = selfAttention(
      rows, heads: headCount, layout: layout, dropout: attentionDropout,
      stream: stream?.derived(0))
    let attended = attentionNorm(
      attentionOutput(mixed), residual: x, dropout: hiddenDropout, stream: stream?.derived(1))
    return outputNorm(
      output(intermediate(attended).gelu()), residual: attended, dropout: hiddenDropout,
      stream: stream?.derived(2))
  }

  /// Without gradients: one matrix product for queries, keys and values; bias, residual and GELU are fused into
  /// the products.
  func infer(_ x: Tensor, layout: AttentionLayout) -> Tensor {
    let inputs = [query, key, value]
    let rows = packedInputs.matrix(of: inputs.map(\.weight))
      .apply(x, bias: .concatenated(inputs.map(\.bias!.value)))
    let mixed = selfAttention(rows, heads: headCount, layout: layout)
    let attended = attentionNorm(attentionOutput.infer(mixed, residual: x))
    return outputNorm(
      output.infer(intermediate.infer(attended, activation: .gelu), residual: attended))
  }
}
