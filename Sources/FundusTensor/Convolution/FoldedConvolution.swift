/// A convolution and the batch norm that follows it, folded into one convolution with bias, for inference:
/// packed when first used, and again after its parameters have changed. The convolution may have a bias.
public final class FoldedConvolution: Sendable {
  private let convolution: Conv2d
  private let norm: BatchNorm2d
  private let derived = Derived<(packed: PackedConvolution, bias: Tensor)>()

  /// Looks at the layers' current values whenever it is used.
  /// - Precondition: the convolution has neither groups nor dilation, and equal options along both axes.
  public init(_ convolution: Conv2d, _ norm: BatchNorm2d) {
    precondition(
      convolution.options.plain != nil, "no fast path for \(convolution.options)")
    self.convolution = convolution
    self.norm = norm
  }

  /// The parameters that the folded weights are computed from.
  package var sources: [any Versioned] {
    [convolution.weight, norm.weight, norm.bias, norm.runningMean, norm.runningVariance]
      + (convolution.bias.map { [$0] } ?? [])
  }

  /// The packed weights and the bias.
  private func current() -> (packed: PackedConvolution, bias: Tensor) {
    derived.value(of: sources) {
      let (weight, bias) = folded()
      return (
        PackedConvolution(weight, stride: convolution.stride, padding: convolution.padding), bias
      )
    }
  }

  /// The weights `[KH, KW, C, O]` and the bias `[O]` of the one convolution.
  package func folded() -> (weight: Tensor, bias: Tensor) {
    let (mean, variance) = (norm.runningMean.value, norm.runningVariance.value)
    let weight = convolution.weight.value
    let (gamma, beta) = (norm.weight.value, norm.bias.value)
    let own = convolution.bias?.value
    let outputs = weight.shape[3]
    let folded = Tensor(uninitialized: weight.shape)
    let bias = Tensor(uninitialized: [outputs])
    let scale = Tensor(uninitialized: [outputs])
    for o in 0..<outputs {
      let deviation = (Double(variance.pointer[o]) + Double(norm.epsilon)).squareRoot()
      let factor = Double(gamma.pointer[o]) / deviation
      scale.mutablePointer[o] = Float(factor)
      bias.mutablePointer[o] = Float(
        Double(beta.pointer[o]) + (own.map { Double($0.pointer[o]) * factor } ?? 0)
          - Double(mean.pointer[o]) * factor)
    }
    ThreadPool.forEachRangeUnchecked(
      weight.count / max(1, outputs), grain: max(1, (1 << 15) / max(1, outputs))
    ) {
      for row in $0 {
        Kernels.multiply(
          weight.pointer + row * outputs, scale.pointer,
          into: folded.mutablePointer + row * outputs,
          count: outputs)
      }
    }
    return (folded, bias)
  }

  /// Channels of the result.
  package var outputs: Int { convolution.weight.value.shape[3] }
  /// The stride in pixels.
  package var stride: Int { convolution.stride }
  /// Zeros around the image, in pixels.
  package var padding: Int { convolution.padding }

  /// act(norm(x * w) + residual), with the running statistics and without gradients.
  public func apply(
    _ x: Tensor, residual: Tensor? = nil, activation: Activation = .none
  ) -> Tensor {
    let cache = current()
    return cache.packed.apply(x, bias: cache.bias, residual: residual, activation: activation)
  }

  /// The same, into images `first`… of `target`, which is not shared.
  package func apply(
    _ x: Tensor, residual: Tensor? = nil, activation: Activation = .none,
    into target: inout Tensor, first: Int
  ) {
    let cache = current()
    cache.packed.apply(
      x, bias: cache.bias, residual: residual, activation: activation, into: &target, first: first)
  }
}
