/// The sizes of a two-dimensional convolution: N images of H x W x C, kernels of KH x KW, O outputs.
struct ConvolutionGeometry: Sendable {
  let items: Int, height: Int, width: Int, channels: Int
  let kernelHeight: Int, kernelWidth: Int, outputs: Int
  let stride: Int, padding: Int

  init(_ shape: [Int], weight: [Int], stride: Int, padding: Int) {
    precondition(shape.count == 4, "images are [N, H, W, C], not \(shape)")
    precondition(weight.count == 4, "weights are [KH, KW, C, O], not \(weight)")
    precondition(shape[3] == weight[2], "\(shape[3]) channels for weights of \(weight[2])")
    precondition(stride > 0 && padding >= 0, "stride \(stride), padding \(padding)")
    (items, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
    (kernelHeight, kernelWidth, outputs) = (weight[0], weight[1], weight[3])
    (self.stride, self.padding) = (stride, padding)
    precondition(
      kernelHeight > 0 && kernelWidth > 0 && height + 2 * padding >= kernelHeight
        && width + 2 * padding >= kernelWidth,
      "a kernel of \(kernelHeight) x \(kernelWidth) does not fit into \(height) x \(width)")
  }

  var outputHeight: Int { (height + 2 * padding - kernelHeight) / stride + 1 }
  var outputWidth: Int { (width + 2 * padding - kernelWidth) / stride + 1 }
  var outputShape: [Int] { [items, outputHeight, outputWidth, outputs] }
  /// Rows of the matrix product that the convolution is.
  var rows: Int { items * outputHeight * outputWidth }
  /// Columns of the matrix of input patches.
  var inner: Int { kernelHeight * kernelWidth * channels }
  var isPointwise: Bool { kernelHeight == 1 && kernelWidth == 1 && padding == 0 }
  /// Whether the convolution is the product of the pixels in place with the weights.
  var isPlainProduct: Bool { isPointwise && stride == 1 }
  /// Whether rounding matters more than speed, see ``exactResults``.
  var isExact = false

  /// Below this number of results ``conv2d(_:weight:bias:stride:padding:)`` convolves directly. Winograd's
  /// rounding errors, about 1e-6, occasionally switch a ReLU whose input is almost zero. Among many results
  /// this is negligible; in a small batch of small images a single such result changes the gradient norm by a
  /// few tenths of a percent, and Adam's first steps carry that into the loss (2e-3 after five steps of 6
  /// images of 64 pixels, where direct convolution agrees with PyTorch to 1e-6).
  static let exactResults = 1 << 18

  /// Whether the forward pass uses Winograd's algorithm (see fk_winograd.h).
  var isWinograd: Bool {
    !isExact && kernelHeight == 3 && kernelWidth == 3 && stride <= 2 && padding <= 2
      && channels % 16 == 0
      && outputs % 16 == 0 && channels > 0 && outputs > 0
  }

  /// Whether the gradients use it as well, as they do for stride 1.
  var hasWinogradGradients: Bool { isWinograd && stride == 1 }

  /// Size of the zero-padded images that the kernel walks over, no larger than it reaches.
  var paddedHeight: Int { (outputHeight - 1) * stride + kernelHeight }
  var paddedWidth: Int { (outputWidth - 1) * stride + kernelWidth }
}

/// Copies of images with zeros around them (or without their last rows and columns).
enum Padder {
  /// Writes `[items, top + height + …, left + width + …, channels]` of the given size, cut where the
  /// target ends.
  static func copy(
    _ x: UnsafePointer<Float>, items: Int, height: Int, width: Int, channels: Int,
    top: Int, left: Int, into target: UnsafeMutablePointer<Float>, targetHeight: Int,
    targetWidth: Int
  ) {
    let line = targetWidth * channels
    let kept = max(0, min(width, targetWidth - left)) * channels
    ThreadPool.forEachRangeUnchecked(items * targetHeight, grain: max(1, (1 << 15) / max(1, line)))
    {
      for index in $0 {
        let (item, row) = index.quotientAndRemainder(dividingBy: targetHeight)
        let to = target + index * line
        guard row >= top, row < top + height, kept > 0 else {
          to.update(repeating: 0, count: line)
          continue
        }
        to.update(repeating: 0, count: left * channels)
        (to + left * channels).update(
          from: x + (item * height + row - top) * width * channels, count: kept)
        (to + left * channels + kept).update(repeating: 0, count: line - left * channels - kept)
      }
    }
  }
}
