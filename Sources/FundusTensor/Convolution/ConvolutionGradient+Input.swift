import CFundusKernels

extension ConvolutionGradient {
  /// Adds dx to the gradients of x that have arrived already, such as a shortcut's: a pointwise
  /// convolution's in the product itself.
  static func addInput(
    _ dy: Tensor, _ weight: Tensor, _ geometry: ConvolutionGeometry, to sum: inout Tensor?
  ) {
    if geometry.isPlainProduct, sum?.isUnshared() == true {
      multiply(dy, weight, geometry, into: sum!.mutablePointer, accumulate: true)
    } else {
      Backpropagation.add(input(dy, weight, geometry), to: &sum)
    }
  }

  private static func multiply(
    _ dy: Tensor, _ weight: Tensor, _ geometry: ConvolutionGeometry,
    into dx: UnsafeMutablePointer<Float>, accumulate: Bool
  ) {
    let matrix = PackedMatrix(
      outputsByInputs: weight.reshaped([geometry.channels, geometry.outputs]))
    matrix.apply(
      fk_plain_rows(dy.pointer, geometry.outputs, geometry.rows, geometry.outputs),
      rows: geometry.rows, into: fk_plain_target(dx, geometry.channels, geometry.rows),
      accumulate: accumulate)
  }

  /// dx from dy `[N, H', W', O]`.
  ///
  /// The pixels of x fall into s x s classes by their position modulo the stride. Within a class every
  /// pixel meets the same part of the kernel, so that the class is a convolution of stride 1 over dy,
  /// with that part of the kernel reversed.
  static func input(_ dy: Tensor, _ weight: Tensor, _ geometry: ConvolutionGeometry) -> Tensor {
    let result = Tensor(
      uninitialized: [geometry.items, geometry.height, geometry.width, geometry.channels])
    if geometry.hasWinogradGradients {
      let weights = PackedConvolution.transformed(
        weight.pointer, channels: geometry.outputs, outputs: geometry.channels, stride: 1,
        rotated: true)
      PackedConvolution.runWinograd(
        dy.pointer, geometry, weights, channels: geometry.outputs, outputs: geometry.channels,
        padding: 2 - geometry.padding, into: result.mutablePointer,
        height: geometry.outputHeight, width: geometry.outputWidth)
    } else if geometry.isPlainProduct {
      multiply(dy, weight, geometry, into: result.mutablePointer, accumulate: false)
    } else {
      byClasses(dy, weight, geometry, into: result.mutablePointer)
    }
    return result
  }

  /// The pixels `first`, `first + stride`, … of an axis and the taps of the kernel that reach them.
  private struct AxisClass {
    let first: Int, count: Int
    /// Indices into the kernel, in the order in which dy is walked.
    let taps: [Int]
    /// The position in dy of the first tap for the first pixel.
    let start: Int

    init(first: Int, size: Int, kernel: Int, stride: Int, padding: Int) {
      self.first = first
      count = (size - first + stride - 1) / stride
      let lowest = (first + padding) % stride
      taps = Swift.stride(from: lowest, to: kernel, by: stride).reversed()
      start = (first + padding - lowest) / stride - (taps.count - 1)
    }
  }

  private static func byClasses(
    _ dy: Tensor, _ weight: Tensor, _ geometry: ConvolutionGeometry,
    into dx: UnsafeMutablePointer<Float>
  ) {
    let (stride, channels, outputs) = (geometry.stride, geometry.channels, geometry.outputs)
    let (outputHeight, outputWidth) = (geometry.outputHeight, geometry.outputWidth)
    let down = (0..<min(stride, geometry.height)).map {
      AxisClass(
        first: $0, size: geometry.height, kernel: geometry.kernelHeight, stride: stride,
        padding: geometry.padding)
    }
    let across = (0..<min(stride, geometry.width)).map {
      AxisClass(
        first: $0, size: geometry.width, kernel: geometry.kernelWidth, stride: stride,
        padding: geometry.padding)
    }
    func margins(_ classes: [AxisClass], size: Int) -> (before: Int, total: Int) {
      let before = max(0, classes.filter { !$0.taps.isEmpty }.map { -$0.start }.max() ?? 0)
      let end =
        classes.filter { !$0.taps.isEmpty }
        .map { $0.start + $0.count - 1 + $0.taps.count }.max() ?? 0
      return (before, before + max(size, end))
    }
    let (top, paddedHeight) = margins(down, size: outputHeight)
    let (left, paddedWidth) = margins(across, size: outputWidth)
    let line = paddedWidth * outputs
    let image = geometry.height * geometry.width * channels
    if (down + across).contains(where: \.taps.isEmpty) {
      ThreadPool.forEachRangeUnchecked(geometry.items * image, grain: 1 << 18) {
        (dx + $0.lowerBound).update(repeating: 0, count: $0.count)
      }
    }

    var parts: [(y: AxisClass, x: AxisClass, matrix: PackedMatrix)] = []
    for y in down where !y.taps.isEmpty {
      for x in across where !x.taps.isEmpty {
        let part = Tensor(uninitialized: [y.taps.count, x.taps.count, outputs, channels])
        let size = outputs * channels
        for (i, tapY) in y.taps.enumerated() {
          for (j, tapX) in x.taps.enumerated() {
            fk_permute(
              weight.pointer + (tapY * geometry.kernelWidth + tapX) * size,
              part.mutablePointer + (i * x.taps.count + j) * size, 2, [outputs, channels],
              [1, outputs], 0, outputs)
          }
        }
        parts.append((y, x, PackedMatrix(inputsByOutputs: part)))
      }
    }

    let needsCopy = top > 0 || left > 0 || paddedHeight > outputHeight || paddedWidth > outputWidth
    let padded = needsCopy ? Tensor(uninitialized: [paddedHeight, paddedWidth, outputs]) : dy
    for item in 0..<geometry.items {
      let source = dy.pointer + item * outputHeight * outputWidth * outputs
      if needsCopy {
        Padder.copy(
          source, items: 1, height: outputHeight, width: outputWidth, channels: outputs, top: top,
          left: left, into: padded.mutablePointer, targetHeight: paddedHeight,
          targetWidth: paddedWidth)
      }
      for (y, x, matrix) in parts {
        let first = (y.start + top) * line + (x.start + left) * outputs
        let rows = fk_rows(
          base: (needsCopy ? padded.pointer : source) + first, row_stride: outputs,
          width: x.count, line_stride: line, height: y.count, item_stride: 0,
          segments: y.taps.count, length: x.taps.count * outputs, segment_stride: line)
        let target = fk_target(
          base: dx + item * image + (y.first * geometry.width + x.first) * channels,
          row_stride: stride * channels, width: x.count,
          line_stride: stride * geometry.width * channels, height: y.count, item_stride: 0)
        matrix.apply(rows, rows: y.count * x.count, into: target)
      }
    }
  }
}
