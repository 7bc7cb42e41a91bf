import FundusTensor

/// A residual block: two or three convolutions with batch norm, whose output is added to the block's input (or
/// to a 1x1 convolution of it, if size or channels change) before the last ReLU.
public final class ResidualBlock: Module, Sendable {
  let convolutions: [Conv2d]
  let norms: [BatchNorm2d]
  let downsample: (convolution: Conv2d, norm: BatchNorm2d)?
  let folded: [FoldedConvolution]
  let foldedDownsample: FoldedConvolution?

  /// Creates a block from `inputs` channels to `width` times 4 (bottleneck) or times 1.
  public init(
    inputs: Int, width: Int, hasBottleneck: Bool, stride: Int, initialization: Initialization
  ) {
    let outputs = hasBottleneck ? width * 4 : width
    func convolution(_ name: String, _ inputs: Int, _ outputs: Int, _ kernel: Int, _ stride: Int)
      -> Conv2d
    {
      Conv2d(
        inputs: inputs, outputs: outputs, kernel: kernel, stride: stride, padding: kernel / 2,
        bias: false, distribution: .normalFanOut, initialization: initialization.derived(name))
    }
    convolutions =
      hasBottleneck
      ? [
        convolution("conv1", inputs, width, 1, 1), convolution("conv2", width, width, 3, stride),
        convolution("conv3", width, outputs, 1, 1),
      ]
      : [
        convolution("conv1", inputs, width, 3, stride), convolution("conv2", width, width, 3, 1),
      ]
    norms = convolutions.enumerated().map { index, layer in
      BatchNorm2d(
        channels: layer.weight.value.shape[3],
        initialization: initialization.derived("bn\(index + 1)"))
    }
    if stride != 1 || inputs != outputs {
      downsample = (
        convolution("downsample", inputs, outputs, 1, stride),
        BatchNorm2d(channels: outputs, initialization: initialization.derived("downsample.1"))
      )
    } else {
      downsample = nil
    }
    folded = zip(convolutions, norms).map { FoldedConvolution($0, $1) }
    foldedDownsample = downsample.map { FoldedConvolution($0.convolution, $0.norm) }
  }

  /// Registers the state with torchvision's names.
  public func visit(_ state: inout StateVisitor) {
    for (index, (convolution, norm)) in zip(convolutions, norms).enumerated() {
      state.child("conv\(index + 1)", convolution)
      state.child("bn\(index + 1)", norm)
    }
    if let downsample {
      state.child("downsample.0", downsample.convolution)
      state.child("downsample.1", downsample.norm)
    }
  }

  /// The block with recorded gradients, including those of the parameters except in inference.
  func recorded(_ x: Tensor, statistics: BatchStatistics, mode: ExecutionMode) -> Tensor {
    let shortcut =
      downsample.map {
        $0.norm($0.convolution(x, mode: mode), statistics: statistics, mode: mode)
      } ?? x
    var y = x
    for (index, (convolution, norm)) in zip(convolutions, norms).enumerated() {
      let isLast = index == convolutions.count - 1
      y = norm(
        convolution(y, mode: mode), statistics: statistics, residual: isLast ? shortcut : nil,
        relu: true, mode: mode)
    }
    return y
  }

  /// The output size for an input size.
  func outputSide(_ side: Int) -> Int {
    convolutions.reduce(side) {
      ($0 + 2 * $1.padding - $1.weight.value.shape[0]) / $1.stride + 1
    }
  }

  var outputs: Int { convolutions[convolutions.count - 1].weight.value.shape[3] }

  /// The block for inference.
  func infer(_ x: Tensor, onInput: (Tensor) -> Void = { _ in }) -> Tensor {
    var result = Tensor.unwritten([
      x.shape[0], outputSide(x.shape[1]), outputSide(x.shape[2]), outputs,
    ])
    infer(x, into: &result, first: 0, onInput: onInput)
    return result
  }

  /// The block for inference, into images `first`… of `target`; `onInput` receives the input of each convolution
  /// except the downsampling.
  ///
  /// The shortcut is written to the target first, or `x` is already there if it is not needed afterwards. Adding
  /// in place saves a third of the memory traffic (see ``PackedConvolution``).
  func infer(
    _ x: Tensor, into target: inout Tensor, first: Int, onInput: (Tensor) -> Void = { _ in }
  ) {
    var y = x
    for layer in folded.dropLast() {
      onInput(y)
      y = layer.apply(y, activation: .relu)
    }
    onInput(y)
    var shortcut = x
    if let foldedDownsample {
      foldedDownsample.apply(x, into: &target, first: first)
      shortcut = target.sliced(first..<first + x.shape[0])
    }
    folded[folded.count - 1].apply(
      y, residual: shortcut, activation: .relu, into: &target, first: first)
  }
}
