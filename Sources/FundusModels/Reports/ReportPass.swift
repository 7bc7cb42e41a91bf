import FundusTensor

/// One pass through the layers of a report model: the mode, the dropout rates, and the implementation of
/// matrix products. In training they are recorded for gradients; in inference weights are packed
/// once, and bias, residual and ReLU are applied while a result is in registers.
struct ReportPass {
  let mode: ExecutionMode
  let dropout: Float
  let attentionDropout: Float

  /// The pass for a submodule, with its own random numbers.
  func derived(_ name: UInt64) -> ReportPass {
    ReportPass(
      mode: mode.derived(name), dropout: dropout, attentionDropout: attentionDropout)
  }

  /// The random numbers for one use; nil in inference.
  func stream(_ use: UInt64) -> RandomStream? {
    guard case .training(let stream) = mode else { return nil }
    return stream.derived(use)
  }

  /// Dropout in training, nothing in inference.
  func dropped(_ x: Tensor, rate: Float, use: UInt64) -> Tensor {
    stream(use).map { x.dropout(rate, $0) } ?? x
  }

  /// x Wᵀ + b, with ReLU if asked for.
  func apply(_ layer: Linear, to x: Tensor, relu: Bool = false) -> Tensor {
    guard mode.isTraining else { return layer.infer(x, activation: relu ? .relu : .none) }
    let y = layer(x)
    return relu ? y.relu() : y
  }

  /// x + dropout(y Wᵀ + b): the end of a sublayer.
  func add(_ layer: Linear, of y: Tensor, to x: Tensor, use: UInt64) -> Tensor {
    guard mode.isTraining else { return layer.infer(y, residual: x) }
    return x + dropped(layer(y), rate: dropout, use: use)
  }
}

/// Linear maps of the same input as one product.
final class JoinedLinears: Sendable {
  let layers: [Linear]
  private let packed = PackedWeights()
  private let biases = Derived<Tensor>()

  /// - Parameter layers: with biases.
  init(_ layers: [Linear]) { self.layers = layers }

  /// Their results side by side, `[R, inputs]` to `[R, sum of the outputs]`.
  func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor {
    if mode.isTraining {
      return linear(
        x, weight: .concatenated(layers.map(\.weight.tensor)),
        bias: .concatenated(layers.compactMap(\.bias?.tensor)))
    }
    let parameters = layers.compactMap(\.bias)
    let bias = biases.value(of: parameters) { .concatenated(parameters.map(\.value)) }
    return packed.matrix(of: layers.map(\.weight)).apply(x, bias: bias)
  }
}
