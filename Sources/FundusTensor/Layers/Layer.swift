/// A module that turns one tensor into another.
///
/// Every layer is called in the same way, `layer(x, mode: mode)`. In ``ExecutionMode/inference``
/// parameters count as constants: nothing is recorded for gradients unless the input itself requires
/// one, and the fast paths run. In ``ExecutionMode/training(_:)`` gradients reach the parameters.
public protocol Layer: Module {
  /// The result for `x`.
  func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor
}

/// A layer without parameters that is the same in training and inference; `layer(x)` is enough.
public protocol StatelessLayer: Layer {
  /// The result for `x`.
  func callAsFunction(_ x: Tensor) -> Tensor
}

extension StatelessLayer {
  /// The result for `x`, in any mode.
  public func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor { self(x) }
}

extension Parameter {
  /// The value as an input of operators in a mode: a constant in inference; in training gradients flow
  /// back to ``gradient``.
  public func tensor(in mode: ExecutionMode) -> Tensor { mode.isTraining ? tensor : value }
}

/// A sequence of layers, like PyTorch's `nn.Sequential`; named by their indices.
///
///     let network = Sequential {
///       Conv2d(inputs: 3, outputs: 8, kernel: 3, padding: 1)
///       BatchNorm2d(channels: 8)
///       ReLU()
///     }
///
/// In training every layer gets its own random stream. In inference a ``Conv2d`` that is followed by a
/// ``BatchNorm2d`` and a ``ReLU`` is fused with them into one convolution with packed weights.
public final class Sequential: Layer {
  /// The layers in their order.
  public let layers: [any Layer]
  private let steps: [Step]

  private enum Step {
    case layer(Int)
    case folded(FoldedConvolution, first: Int, count: Int, Activation)
  }

  /// The given layers in their order.
  public init(_ layers: [any Layer]) {
    self.layers = layers
    var steps: [Step] = []
    var index = 0
    while index < layers.count {
      if index + 1 < layers.count, let convolution = layers[index] as? Conv2d,
        convolution.options.plain != nil, let norm = layers[index + 1] as? BatchNorm2d
      {
        let hasReLU = index + 2 < layers.count && layers[index + 2] is ReLU
        steps.append(
          .folded(
            FoldedConvolution(convolution, norm), first: index, count: hasReLU ? 3 : 2,
            hasReLU ? .relu : .none))
        index += hasReLU ? 3 : 2
      } else {
        steps.append(.layer(index))
        index += 1
      }
    }
    self.steps = steps
  }

  /// The layers of the closure, one per line; `if` and `for` may choose and repeat them.
  public convenience init(@LayerBuilder _ layers: () -> [any Layer]) { self.init(layers()) }

  /// Names each layer by its number.
  public func visit(_ state: inout StateVisitor) {
    for (index, layer) in layers.enumerated() { state.child("\(index)", layer) }
  }

  /// All layers in their order.
  public func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor {
    var x = x
    for step in steps {
      switch step {
      case .folded(let folded, _, _, let activation)
      where !mode.isTraining && !isRecorded(x):
        x = folded.apply(x, activation: activation)
      case .folded(_, let first, let count, _):
        for index in first..<first + count { x = apply(index, x, mode) }
      case .layer(let index):
        x = apply(index, x, mode)
      }
    }
    return x
  }

  private func apply(_ index: Int, _ x: Tensor, _ mode: ExecutionMode) -> Tensor {
    layers[index](x, mode: mode.derived(UInt64(index)))
  }
}

/// Collects the layers between the braces of a ``Sequential``.
@resultBuilder
public enum LayerBuilder {
  /// A single layer.
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  /// Several layers.
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  /// Line after line.
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  /// The result of an `if` without `else`.
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  /// The first branch.
  public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
  /// The other branch.
  public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
  /// The result of a `for`.
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
}
