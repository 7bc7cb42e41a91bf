import CFundusKernels

extension ConvolutionGradient {
  /// dw `[KH, KW, C, O]` from dy `[N, H', W', O]` and x: the product of the transposed patches with dy.
  static func weight(_ dy: Tensor, _ x: Tensor, _ geometry: ConvolutionGeometry) -> Tensor {
    let result = Tensor(
      uninitialized: [
        geometry.kernelHeight, geometry.kernelWidth, geometry.channels, geometry.outputs,
      ])
    if geometry.rows == 0 {
      result.mutablePointer.update(repeating: 0, count: result.count)
    } else if geometry.hasWinogradGradients {
      fk_winograd_weights(
        x.pointer, dy.pointer, geometry.items, geometry.height, geometry.width, geometry.channels,
        geometry.outputs, geometry.padding, result.mutablePointer)
    } else if geometry.isPointwise {
      outer(geometry.pixelRows(x.pointer), geometry.rows, dy.pointer, geometry, into: result)
    } else {
      overPadded(x, dy, geometry, into: result)
    }
    return result
  }

  /// Floats of padded images at a time.
  private static let paddedFloats = 16 << 20

  /// The images are padded, some at a time, so that their patches are rows of a matrix in place.
  private static func overPadded(
    _ x: Tensor, _ dy: Tensor, _ geometry: ConvolutionGeometry, into result: Tensor
  ) {
    let (height, width) = (geometry.paddedHeight, geometry.paddedWidth)
    let image = geometry.height * geometry.width * geometry.channels
    let pixels = geometry.outputHeight * geometry.outputWidth
    let padded = height * width * geometry.channels
    let group = max(1, min(geometry.items, paddedFloats / max(1, padded)))
    let images = Tensor(uninitialized: [group, height, width, geometry.channels])
    for first in stride(from: 0, to: geometry.items, by: group) {
      let count = min(group, geometry.items - first)
      Padder.copy(
        x.pointer + first * image, items: count, height: geometry.height, width: geometry.width,
        channels: geometry.channels, top: geometry.padding, left: geometry.padding,
        into: images.mutablePointer, targetHeight: height, targetWidth: width)
      outer(
        geometry.patchRows(images.pointer), count * pixels,
        dy.pointer + first * pixels * geometry.outputs, geometry, into: result,
        accumulate: first > 0)
    }
  }

  private static func outer(
    _ rows: fk_rows, _ count: Int, _ dy: UnsafePointer<Float>, _ geometry: ConvolutionGeometry,
    into result: Tensor, accumulate: Bool = false
  ) {
    var job = fk_outer_job(
      a: rows, row_count: count, b: dy, b_stride: geometry.outputs, columns: geometry.outputs,
      c: result.mutablePointer, accumulate: accumulate)
    fk_outer(&job)
  }
}
