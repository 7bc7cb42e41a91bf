/// The weights of a convolution without bias, as residual networks use it. State: `weight`.
public final class Convolution2d: Module, Sendable {
  /// `[KH, KW, C_in, C_out]`
  public let weight: Parameter
  /// Distance between neighbouring results, in pixels.
  public let stride: Int
  /// Zeros around the picture, in pixels.
  public let padding: Int

  /// Weights drawn from a normal distribution of variance 2 / (kernel² outputs) (He et al., arXiv
  /// 1502.01852, fan-out).
  public init(
    inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    initialization: Initialization
  ) {
    let deviation = (2 / Float(kernel * kernel * outputs)).squareRoot()
    weight = Parameter(
      initialization.derived("weight").normal(
        [kernel, kernel, inputs, outputs], deviation: deviation))
    self.stride = stride
    self.padding = padding
  }

  /// Names the state as torchvision does.
  public func visit(_ state: inout StateVisitor) {
    state.parameter("weight", weight, layout: .convolution)
  }

  /// `[N, H, W, C_in]` to `[N, H', W', C_out]`, see ``conv2d(_:weight:bias:stride:padding:)``.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    conv2d(x, weight: weight.tensor, stride: stride, padding: padding)
  }
}
