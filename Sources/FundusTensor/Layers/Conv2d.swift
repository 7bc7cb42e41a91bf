/// A two-dimensional convolution, see ``conv2d(_:weight:bias:options:)``.
///
/// State: `weight`, in files `[outputs, inputs / groups, KH, KW]`, and `bias`, as PyTorch's `nn.Conv2d`.
public final class Conv2d: Layer, Sendable {
  /// The distribution of the initial weights.
  public enum Distribution: Sendable {
    /// Uniform in ±1/√(KH KW inputs / groups), PyTorch's default.
    case uniform
    /// Normal with variance 2 / (KH KW outputs / groups) (He et al., arXiv 1502.01852, fan-out), as
    /// torchvision initializes its residual networks.
    case normalFanOut
  }

  /// `[KH, KW, inputs / groups, outputs]`
  public let weight: Parameter
  /// `[outputs]`, uniform as PyTorch's weights; nil for none.
  public let bias: Parameter?
  /// Strides, paddings, dilations and groups.
  public let options: ConvolutionOptions

  /// A convolution with a square kernel and the same options along H and W.
  ///
  /// - Parameters:
  ///   - inputs: channels of the input.
  ///   - outputs: channels of the result.
  ///   - kernel: side of the kernel, in pixels.
  ///   - stride: the distance between neighboring results, in pixels.
  ///   - padding: zeros on each side of the image, in pixels.
  ///   - dilation: distance between neighboring taps of the kernel, in pixels.
  ///   - groups: the number of groups of channels; divides both numbers of channels.
  ///   - bias: whether there is one; superfluous before a batch norm.
  ///   - distribution: the distribution of the initial weights.
  ///   - initialization: the initialization of the parameters.
  public convenience init(
    inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1, bias: Bool = true, distribution: Distribution = .uniform,
    initialization: Initialization = .next
  ) {
    self.init(
      inputs: inputs, outputs: outputs, kernel: (kernel, kernel),
      options: ConvolutionOptions(
        stride: (stride, stride), padding: (padding, padding), dilation: (dilation, dilation),
        groups: groups),
      bias: bias, distribution: distribution, initialization: initialization)
  }

  /// A convolution with (rows, columns) of its kernel, and of each of its options.
  public init(
    inputs: Int, outputs: Int, kernel: (Int, Int),
    options: ConvolutionOptions = ConvolutionOptions(), bias: Bool = true,
    distribution: Distribution = .uniform, initialization: Initialization = .next
  ) {
    precondition(
      inputs % options.groups == 0 && outputs % options.groups == 0,
      "\(options.groups) groups do not divide \(inputs) and \(outputs) channels")
    let shape = [kernel.0, kernel.1, inputs / options.groups, outputs]
    let taps = kernel.0 * kernel.1
    let source = initialization.derived("weight")
    switch distribution {
    case .uniform:
      weight = Parameter(source.linear(shape, inputs: taps * inputs / options.groups))
    case .normalFanOut:
      let deviation = (2 / Float(taps * outputs / options.groups)).squareRoot()
      weight = Parameter(source.normal(shape, deviation: deviation))
    }
    self.bias =
      bias
      ? Parameter(
        initialization.derived("bias").linear([outputs], inputs: taps * inputs / options.groups))
      : nil
    self.options = options
  }

  /// The stride, the distance between neighboring results along H, in pixels.
  public var stride: Int { options.stride.rows }
  /// Zeros above and below the image, in pixels.
  public var padding: Int { options.padding.rows }

  /// Registers the state with PyTorch's names.
  public func visit(_ state: inout StateVisitor) {
    state.parameter("weight", weight, layout: .convolution)
    if let bias { state.parameter("bias", bias) }
  }

  /// `[N, H, W, inputs]` to `[N, H', W', outputs]`.
  public func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor {
    conv2d(
      x, weight: weight.tensor(in: mode), bias: bias?.tensor(in: mode), options: options)
  }

  /// The same with gradients for the parameters wherever they are recorded.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    conv2d(x, weight: weight.tensor, bias: bias?.tensor, options: options)
  }
}

/// A transposed convolution, which enlarges images, see
/// ``convTranspose2d(_:weight:bias:options:outputPadding:)``.
///
/// State: `weight`, in files `[inputs, outputs / groups, KH, KW]`, and `bias`, as PyTorch's
/// `nn.ConvTranspose2d`.
public final class ConvTranspose2d: Layer, Sendable {
  /// `[KH, KW, outputs / groups, inputs]`
  public let weight: Parameter
  /// `[outputs]`; nil for none.
  public let bias: Parameter?
  /// Those of the convolution that this transposes.
  public let options: ConvolutionOptions
  /// Rows and columns added at the end.
  public let outputPadding: (Int, Int)

  /// A transposed convolution with a square kernel: with kernel and stride 2 it doubles H and W.
  ///
  /// Values are uniform in ±1/√(KH KW outputs / groups), as in PyTorch.
  public convenience init(
    inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    outputPadding: Int = 0, dilation: Int = 1, groups: Int = 1, bias: Bool = true,
    initialization: Initialization = .next
  ) {
    self.init(
      inputs: inputs, outputs: outputs, kernel: (kernel, kernel),
      options: ConvolutionOptions(
        stride: (stride, stride), padding: (padding, padding), dilation: (dilation, dilation),
        groups: groups),
      outputPadding: (outputPadding, outputPadding), bias: bias, initialization: initialization)
  }

  /// A transposed convolution with (rows, columns) of its kernel, and of each of its options.
  public init(
    inputs: Int, outputs: Int, kernel: (Int, Int),
    options: ConvolutionOptions = ConvolutionOptions(), outputPadding: (Int, Int) = (0, 0),
    bias: Bool = true, initialization: Initialization = .next
  ) {
    precondition(
      inputs % options.groups == 0 && outputs % options.groups == 0,
      "\(options.groups) groups do not divide \(inputs) and \(outputs) channels")
    let fan = kernel.0 * kernel.1 * outputs / options.groups
    weight = Parameter(
      initialization.derived("weight").linear(
        [kernel.0, kernel.1, outputs / options.groups, inputs], inputs: fan))
    self.bias =
      bias ? Parameter(initialization.derived("bias").linear([outputs], inputs: fan)) : nil
    self.options = options
    self.outputPadding = outputPadding
  }

  /// Registers the state with PyTorch's names.
  public func visit(_ state: inout StateVisitor) {
    state.parameter("weight", weight, layout: .convolution)
    if let bias { state.parameter("bias", bias) }
  }

  /// `[N, H, W, inputs]` to `[N, H', W', outputs]`.
  public func callAsFunction(_ x: Tensor, mode: ExecutionMode) -> Tensor {
    convTranspose2d(
      x, weight: weight.tensor(in: mode), bias: bias?.tensor(in: mode), options: options,
      outputPadding: outputPadding)
  }
}
