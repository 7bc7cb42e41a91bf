/// The options of a convolution.
public struct ConvolutionOptions: Sendable, Equatable {
  /// Rows and columns, in pixels.
  public struct Extent: Sendable, Equatable {
    /// Along H.
    public var rows: Int
    /// Along W.
    public var columns: Int

    /// Both sizes.
    public init(_ rows: Int, _ columns: Int) { (self.rows, self.columns) = (rows, columns) }

    /// The size of both when they are equal, else nil.
    var square: Int? { rows == columns ? rows : nil }
  }

  /// The stride, the distance between neighboring results.
  public var stride: Extent
  /// Zeros on each side of the image.
  public var padding: Extent
  /// Distance between neighboring taps of the kernel.
  public var dilation: Extent
  /// The number of groups of channels; an output depends only on the inputs of its group.
  public var groups: Int

  /// Options with (rows, columns) each.
  /// - Precondition: strides, dilations and groups are positive, paddings are not negative.
  public init(
    stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1),
    groups: Int = 1
  ) {
    self.stride = Extent(stride.0, stride.1)
    self.padding = Extent(padding.0, padding.1)
    self.dilation = Extent(dilation.0, dilation.1)
    self.groups = groups
    precondition(
      min(stride.0, stride.1, dilation.0, dilation.1, groups) > 0
        && min(padding.0, padding.1) >= 0, "impossible options of a convolution: \(self)")
  }

  /// Stride and padding if the fast paths can be used: equal along both axes, no dilation, no groups.
  var plain: (stride: Int, padding: Int)? {
    guard groups == 1, dilation == Extent(1, 1), let stride = stride.square,
      let padding = padding.square
    else { return nil }
    return (stride, padding)
  }
}

/// The two-dimensional convolution with all its options:
///
///     y[n, i, j, o] = bias[o] + Σ x[n, sᵣ i + dᵣ k - pᵣ, s_c j + d_c l - p_c, c] w[k, l, c, o]
///
/// where c runs over the C/g channels of the group of output o. Plain options take the fast path of
/// ``conv2d(_:weight:bias:stride:padding:)``; the others multiply matrices of patches.
///
/// - Parameters:
///   - x: `[N, H, W, C]`; zero outside of the image
///   - weight: `[KH, KW, C/g, O]`
///   - bias: `[O]`
///   - options: strides s, paddings p, dilations d, groups g, which divide C and O
/// - Returns: `[N, (H + 2p - d (KH - 1) - 1) / s + 1, likewise for W, O]`
public func conv2d(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, options: ConvolutionOptions
) -> Tensor {
  if let plain = options.plain {
    return conv2d(x, weight: weight, bias: bias, stride: plain.stride, padding: plain.padding)
  }
  let product = PatchProduct(x.shape, weight: weight.shape, options: options)
  let y = product.forward(x, weight).recording(x, weight) {
    [x = x.detached, w = weight.detached, wants = (x.requiresGradient, weight.requiresGradient)] in
    [wants.0 ? product.inputGradient($0, w) : nil, wants.1 ? product.weightGradient($0, x) : nil]
  }
  return bias.map { y + $0 } ?? y
}

/// The transposed convolution: what ``conv2d(_:weight:bias:options:)`` does to gradients of its input
/// (Dumoulin and Visin, arXiv 1603.07285). Each pixel of x adds its kernel, s pixels apart, to y:
///
///     y[n, s i + d k - p, s j + d l - p, o] += x[n, i, j, c] w[k, l, o, c]
///
/// - Parameters:
///   - x: `[N, H, W, C]`
///   - weight: `[KH, KW, O/g, C]`: that of the convolution from O to C channels which this transposes
///   - bias: `[O]`
///   - options: of that convolution
///   - outputPadding: rows and columns added at the end, less than the stride
/// - Returns: `[N, (H - 1) s - 2p + d (KH - 1) + 1 + outputPadding, likewise for W, O]`
public func convTranspose2d(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil,
  options: ConvolutionOptions = ConvolutionOptions(), outputPadding: (Int, Int) = (0, 0)
) -> Tensor {
  precondition(
    x.rank == 4 && weight.rank == 4 && x.shape[3] == weight.shape[3],
    "a transposed convolution of \(x.shape) with weights \(weight.shape), [KH, KW, O, C]")
  precondition(
    outputPadding.0 >= 0 && outputPadding.0 < options.stride.rows && outputPadding.1 >= 0
      && outputPadding.1 < options.stride.columns, "an output padding of \(outputPadding)")
  func size(_ input: Int, _ kernel: Int, _ extent: KeyPath<ConvolutionOptions.Extent, Int>) -> Int {
    let span = options.dilation[keyPath: extent] * (kernel - 1) + 1
    return (input - 1) * options.stride[keyPath: extent] + span
      - 2 * options.padding[keyPath: extent]
  }
  let output = [
    x.shape[0], size(x.shape[1], weight.shape[0], \.rows) + outputPadding.0,
    size(x.shape[2], weight.shape[1], \.columns) + outputPadding.1,
    weight.shape[2] * options.groups,
  ]
  precondition(output.allSatisfy { $0 >= 0 }, "nothing remains of \(x.shape): \(output)")
  let y: Tensor
  if let plain = options.plain {
    let geometry = ConvolutionGeometry(
      output, weight: weight.shape, stride: plain.stride, padding: plain.padding)
    y = ConvolutionGradient.input(x, weight, geometry).recording(x, weight) {
      [x = x.detached, w = weight.detached, wants = (x.requiresGradient, weight.requiresGradient)]
      gradient in
      [
        wants.0
          ? conv2d(gradient, weight: w, stride: plain.stride, padding: plain.padding) : nil,
        wants.1 ? ConvolutionGradient.weight(x, gradient, geometry) : nil,
      ]
    }
  } else {
    let product = PatchProduct(output, weight: weight.shape, options: options)
    y = product.inputGradient(x, weight).recording(x, weight) {
      [x = x.detached, w = weight.detached, wants = (x.requiresGradient, weight.requiresGradient)]
      in
      [wants.0 ? product.forward($0, w) : nil, wants.1 ? product.weightGradient(x, $0) : nil]
    }
  }
  return bias.map { y + $0 } ?? y
}
