/// The two-dimensional convolution (cross-correlation, as in every deep learning library)
///
///     y[n, i, j, o] = bias[o] + Σ x[n, s i + k - p, s j + l - p, c] w[k, l, c, o]
///
/// - Parameters:
///   - x: `[N, H, W, C]`; zero outside of the image
///   - weight: `[KH, KW, C, O]`
///   - bias: `[O]`
///   - stride: s, the distance between neighboring results
///   - padding: p, zeros around the image
/// - Returns: `[N, (H + 2p - KH) / s + 1, (W + 2p - KW) / s + 1, O]`
public func conv2d(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0
) -> Tensor {
  var geometry = ConvolutionGeometry(
    x.shape, weight: weight.shape, stride: stride, padding: padding)
  geometry.isExact = geometry.rows * geometry.outputs < ConvolutionGeometry.exactResults
  let packed = PackedConvolution(
    weight, stride: stride, padding: padding, isExact: geometry.isExact)
  let result = packed.apply(x, bias: bias)
  let (wantsInput, wantsWeight) = (x.requiresGradient, weight.requiresGradient)
  let shape = geometry
  // The gradient of the input needs the weights alone, and that of the weights the input.
  let input = wantsWeight ? x.detached : nil
  let kernel = wantsInput ? weight.detached : nil
  let wantsBias = bias?.requiresGradient ?? false
  return result.recording([x, weight] + (bias.map { [$0] } ?? [])) { gradient, sums in
    if let kernel { ConvolutionGradient.addInput(gradient, kernel, shape, to: &sums[0]) }
    if let input {
      Backpropagation.add(ConvolutionGradient.weight(gradient, input, shape), to: &sums[1])
    }
    if wantsBias {
      let columns = MatrixProduct.columnSums(gradient.reshaped([shape.rows, shape.outputs]))
      Backpropagation.add(columns, to: &sums[2])
    }
  }
}

enum ConvolutionGradient {}
