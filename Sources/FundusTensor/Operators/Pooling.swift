import CFundusKernels

/// The maximum over square windows.
///
/// - Parameters:
///   - x: `[N, H, W, C]`
///   - kernel: the side of a window
///   - stride: distance between neighboring windows; the kernel's side if omitted
///   - padding: pixels around the image, which are ignored; at most half of the kernel
/// - Returns: `[N, (H + 2p - k) / s + 1, (W + 2p - k) / s + 1, C]`. The gradient goes to the first maximum in
///   a tie.
public func maxPool2d(_ x: Tensor, kernel: Int, stride: Int? = nil, padding: Int = 0) -> Tensor {
  let shape = Pooling.shape(x, kernel: kernel, stride: stride ?? kernel, padding: padding)
  let (items, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  let result = Tensor(uninitialized: [items, shape.out_height, shape.out_width, channels])
  let chosen = isRecorded(x) ? Storage(byteCount: max(1, result.count)) : nil
  Pooling.run(
    x, shape, into: result.mutablePointer,
    places: chosen?.pointer.assumingMemoryBound(to: UInt8.self))
  return result.recording(x) { gradient in
    let inputGradient = Tensor(uninitialized: [items, height, width, channels])
    let places = chosen!.pointer.assumingMemoryBound(to: UInt8.self)
    let image = height * width * channels
    let outputImage = shape.out_height * shape.out_width * channels
    Pooling.forEachRow(items, height, elements: width * channels) { item, rows in
      withUnsafePointer(to: shape) {
        fk_max_pool_gradient(
          gradient.pointer + item * outputImage, places + item * outputImage, $0,
          rows.lowerBound, rows.upperBound, inputGradient.mutablePointer + item * image)
      }
    }
    return [inputGradient]
  }
}

/// ``maxPool2d(_:kernel:stride:padding:)`` into images `first`… of `target`, which nobody else has
/// seen yet; without gradients.
package func maxPool2d(
  _ x: Tensor, kernel: Int, stride: Int, padding: Int, into target: inout Tensor, first: Int
) {
  let shape = Pooling.shape(x, kernel: kernel, stride: stride, padding: padding)
  let image = [shape.out_height, shape.out_width, shape.channels]
  precondition(
    Array(target.shape.dropFirst()) == image && first >= 0
      && first + x.shape[0] <= target.shape[0], "\(image) does not fit into \(target.shape)")
  Pooling.run(
    x, shape, into: target.mutablePointer + first * image.reduce(1, *), places: nil)
}

/// The mean over all pixels: `[N, H, W, C]` to `[N, C]`.
public func globalAveragePool(_ x: Tensor) -> Tensor {
  precondition(x.rank == 4, "images are [N, H, W, C], not \(x.shape)")
  let (items, pixels, channels) = (x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
  precondition(pixels > 0, "an image without pixels has no mean")
  let result = Tensor(uninitialized: [items, channels])
  ThreadPool.forEachUnchecked(items) { item in
    let out = result.mutablePointer + item * channels
    fk_sum_rows(x.pointer + item * pixels * channels, pixels, channels, channels, out)
    fk_scale_shift(out, 1 / Float(pixels), 0, out, channels)
  }
  let shape = x.shape
  return result.recording(x) { gradient in
    let inputGradient = Tensor(uninitialized: shape)
    Pooling.forEachRow(items, pixels, elements: channels) { item, rows in
      for row in rows {
        fk_scale_shift(
          gradient.pointer + item * channels, 1 / Float(pixels), 0,
          inputGradient.mutablePointer + (item * pixels + row) * channels, channels)
      }
    }
    return [inputGradient]
  }
}

private enum Pooling {
  static func shape(_ x: Tensor, kernel: Int, stride: Int, padding: Int) -> fk_pool_shape {
    precondition(x.rank == 4, "images are [N, H, W, C], not \(x.shape)")
    precondition(
      kernel > 0 && kernel <= 15 && stride > 0 && padding >= 0 && padding * 2 <= kernel,
      "windows of \(kernel), stride \(stride), padding \(padding)")
    let (height, width) = (x.shape[1] + 2 * padding, x.shape[2] + 2 * padding)
    precondition(
      height >= kernel && width >= kernel,
      "a window of \(kernel) does not fit into \(x.shape[1]) x \(x.shape[2])")
    return fk_pool_shape(
      height: x.shape[1], width: x.shape[2], channels: x.shape[3],
      out_height: (height - kernel) / stride + 1, out_width: (width - kernel) / stride + 1,
      kernel: kernel, stride: stride, padding: padding)
  }

  static func run(
    _ x: Tensor, _ shape: fk_pool_shape, into y: UnsafeMutablePointer<Float>,
    places: UnsafeMutablePointer<UInt8>?
  ) {
    let image = shape.height * shape.width * shape.channels
    let result = shape.out_height * shape.out_width * shape.channels
    forEachRow(x.shape[0], shape.out_height, elements: shape.out_width * shape.channels) {
      item, rows in
      withUnsafePointer(to: shape) {
        fk_max_pool(
          x.pointer + item * image, $0, rows.lowerBound, rows.upperBound, y + item * result,
          places.map { $0 + item * result })
      }
    }
  }

  /// Shares the rows of all images among the threads.
  static func forEachRow(
    _ items: Int, _ rows: Int, elements: Int, _ body: (_ item: Int, _ rows: Range<Int>) -> Void
  ) {
    guard items > 0, rows > 0 else { return }
    let grain = min(rows, max(1, (1 << 15) / max(1, elements)))
    let parts = (rows + grain - 1) / grain
    ThreadPool.forEachUnchecked(items * parts) { task in
      let (item, part) = task.quotientAndRemainder(dividingBy: parts)
      body(item, part * grain..<min(rows, (part + 1) * grain))
    }
  }
}
