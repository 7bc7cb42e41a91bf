/// An affine map of every vector along the last axis: y = x Wᵀ + b.
///
/// State: `weight`, `bias`, as PyTorch's `nn.Linear`.
public final class Linear: Layer, Sendable {
  /// W, `[outputs, inputs]`.
  public let weight: Parameter
  /// b, `[outputs]`; nil for a linear map.
  public let bias: Parameter?

  private let packedWeights = PackedWeights()

  /// A layer with all values uniform in ±1/√inputs, as in PyTorch.
  public convenience init(
    inputs: Int, outputs: Int, bias: Bool = true, initialization: Initialization = .next
  ) {
    self.init(
      weight: initialization.derived("weight").linear([outputs, inputs], inputs: inputs),
      bias: bias ? initialization.derived("bias").linear([outputs], inputs: inputs) : nil)
  }

  /// A layer with the given initial values, `[outputs, inputs]` and `[outputs]`.
  public init(weight: Tensor, bias: Tensor?) {
    precondition(
      weight.rank == 2 && bias.map { $0.shape == [weight.shape[0]] } ?? true,
      "weights \(weight.shape) are not [outputs, inputs], or the bias does not fit")
    self.weight = Parameter(weight)
    self.bias = bias.map { Parameter($0) }
  }

  /// Registers the state with PyTorch's names.
  public func visit(_ state: inout StateVisitor) {
    state.parameter("weight", weight)
    if let bias { state.parameter("bias", bias) }
  }

  /// `[…, inputs]` to `[…, outputs]`.
  public func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor {
    if mode.isTraining { return self(x) }
    if isRecorded(x) { return linear(x, weight: weight.value, bias: bias?.value) }
    return infer(x)
  }

  /// The same with gradients for the parameters wherever they are recorded.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    linear(x, weight: weight.tensor, bias: bias?.tensor)
  }

  /// act(x Wᵀ + b + residual) without gradients, on weights that are packed once.
  package func infer(
    _ x: Tensor, residual: Tensor? = nil, activation: Activation = .none
  ) -> Tensor {
    packedWeights.matrix(of: [weight])
      .apply(x, bias: bias?.value, residual: residual, activation: activation)
  }
}

/// Weights in the order of the product kernels, packed at the first use after a change.
package final class PackedWeights: Sendable {
  private let derived = Derived<PackedMatrix>()

  /// Nothing packed yet.
  package init() {}

  /// The packed form of weights `[out, in]`, stacked along the outputs.
  package func matrix(of weights: [Parameter]) -> PackedMatrix {
    derived.value(of: weights) {
      let values = weights.map(\.value)
      return PackedMatrix(
        outputsByInputs: values.count == 1 ? values[0] : .concatenated(values))
    }
  }
}
