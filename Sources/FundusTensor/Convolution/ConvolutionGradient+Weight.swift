import CFundusKernels

extension ConvolutionGradient {
  /// dw `[KH, KW, C, O]` from dy `[N, H', W', O]` and x: the product of the transposed patches with dy.
  static func weight(_ dy: Tensor, _ x: Tensor, _ geometry: ConvolutionGeometry) -> Tensor {
    let result = Tensor(
      uninitialized: [
        geometry.kernelHeight, geometry.kernelWidth, geometry.channels, geometry.outputs,
      ])
    if geometry.isWinograd {
      fk_winograd_weights(
        x.pointer, dy.pointer, geometry.items, geometry.height, geometry.width, geometry.channels,
        geometry.outputs, geometry.padding, result.mutablePointer)
    } else {
      byRanges(dy, x, geometry, into: result.mutablePointer)
    }
    return result
  }

  /// Pixels of a step: their patches (when they must be gathered) stay in L2.
  private static let stepRows = 256

  /// Cuts the pixels into ranges by the size of the work; the sums of the ranges are added in order.
  private static func byRanges(
    _ dy: Tensor, _ x: Tensor, _ geometry: ConvolutionGeometry,
    into dw: UnsafeMutablePointer<Float>
  ) {
    let (rows, inner, outputs) = (geometry.rows, geometry.inner, geometry.outputs)
    let size = inner * outputs
    guard rows > 0, size > 0 else {
      dw.update(repeating: 0, count: size)
      return
    }
    let wanted = size <= 1 << 18 ? 8 : 4
    let ranges = max(1, min(wanted, rows / stepRows))
    let partial = ranges > 1 ? Tensor(uninitialized: [ranges, size]) : nil
    let isDirect = geometry.isPointwise && geometry.stride == 1
    BLAS.prepare()
    ThreadPool.forEach(ranges) { range in
      let first = rows * range / ranges, end = rows * (range + 1) / ranges
      let target = partial.map { $0.mutablePointer + range * size } ?? dw
      if isDirect {
        BLAS.multiply(
          x.pointer + first * inner, transposed: true, stride: inner,
          dy.pointer + first * outputs, transposed: false, stride: outputs, into: target,
          stride: outputs, rows: inner, columns: outputs, inner: end - first)
        return
      }
      let patches = Tensor(uninitialized: [stepRows, inner])
      for step in stride(from: first, to: end, by: stepRows) {
        let count = min(stepRows, end - step)
        gather(x.pointer, geometry, first: step, count: count, into: patches.mutablePointer)
        BLAS.multiply(
          patches.pointer, transposed: true, stride: inner, dy.pointer + step * outputs,
          transposed: false, stride: outputs, into: target, stride: outputs, rows: inner,
          columns: outputs, inner: count, accumulate: step > first)
      }
    }
    guard let partial else { return }
    ThreadPool.forEachRange(size, grain: 1 << 14) { part in
      let target = dw + part.lowerBound
      target.update(from: partial.pointer + part.lowerBound, count: part.count)
      for range in 1..<ranges {
        fk_accumulate(
          partial.pointer + range * size + part.lowerBound, 1, target, part.count)
      }
    }
  }

  /// The patches of some pixels of the result, a row of `KH KW C` floats each.
  private static func gather(
    _ x: UnsafePointer<Float>, _ geometry: ConvolutionGeometry, first: Int, count: Int,
    into patches: UnsafeMutablePointer<Float>
  ) {
    let (channels, width) = (geometry.channels, geometry.width)
    let segment = geometry.kernelWidth * channels
    var to = patches
    for row in first..<first + count {
      let (line, column) = row.quotientAndRemainder(dividingBy: geometry.outputWidth)
      let (item, outputY) = line.quotientAndRemainder(dividingBy: geometry.outputHeight)
      let left = column * geometry.stride - geometry.padding
      let skipped = max(0, -left)
      let kept = max(0, min(geometry.kernelWidth, width - left) - skipped)
      for k in 0..<geometry.kernelHeight {
        let y = outputY * geometry.stride - geometry.padding + k
        if y < 0 || y >= geometry.height || kept == 0 {
          to.update(repeating: 0, count: segment)
        } else {
          if kept < geometry.kernelWidth { to.update(repeating: 0, count: segment) }
          let source = ((item * geometry.height + y) * width + left + skipped) * channels
          (to + skipped * channels).update(from: x + source, count: kept * channels)
        }
        to += segment
      }
    }
  }
}
