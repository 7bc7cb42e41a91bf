import CFundusKernels

/// Quantized images: 8-bit values from 0 in equal steps, as after a ReLU.
public struct QuantizedImages: Sendable {
  /// `[N, H, W, C]`, without the margin.
  public let shape: [Int]
  /// The value of one.
  public let step: Float
  /// Zeros around each image, in pixels.
  let margin: Int
  let storage: Storage

  /// Room for images; only the margin is written.
  init(unwritten shape: [Int], step: Float, margin: Int) {
    precondition(shape.count == 4, "images are [N, H, W, C], not \(shape)")
    precondition(shape[3] % 4 == 0, "\(shape[3]) channels are not a multiple of 4")
    precondition(margin >= 0, "a margin of \(margin)")
    precondition(step > 0 && step.isFinite, "a step of \(step)")
    self.shape = shape
    self.step = step
    self.margin = margin
    let line = (shape[2] + 2 * margin) * shape[3]
    let lines = shape[1] + 2 * margin
    storage = Storage(byteCount: max(64, shape[0] * lines * line))
    guard margin > 0 else { return }
    let bytes = storage.pointer.assumingMemoryBound(to: UInt8.self)
    for item in 0..<shape[0] {
      for y in 0..<lines {
        let start = bytes + (item * lines + y) * line
        if y < margin || y >= lines - margin {
          start.update(repeating: 0, count: line)
        } else {
          start.update(repeating: 0, count: margin * shape[3])
          (start + line - margin * shape[3]).update(repeating: 0, count: margin * shape[3])
        }
      }
    }
  }

  /// Rounds `x` `[N, H, W, C]` to steps from 0 to 255; what lies beyond becomes the nearest of them.
  public init(_ x: Tensor, step: Float) {
    self.init(unwritten: x.shape, step: step, margin: 0)
    let bytes = self.bytes
    let source = x.pointer
    ThreadPool.forEachRangeUnchecked(x.count, grain: 1 << 16) {
      fk_quantize(
        source + $0.lowerBound, 1 / step, bytes + $0.lowerBound, $0.count)
    }
  }

  /// The same images with zeros around each, in pixels.
  public func withMargin(_ margin: Int) -> QuantizedImages {
    if margin == self.margin { return self }
    let result = QuantizedImages(unwritten: shape, step: step, margin: margin)
    let count = shape[2] * shape[3]
    for line in 0..<shape[0] * shape[1] {
      (result.bytes + result.offset(ofLine: line)).update(
        from: bytes + offset(ofLine: line), count: count)
    }
    return result
  }

  /// Where a line of pixels begins, the margin omitted; lines of all images count.
  private func offset(ofLine line: Int) -> Int {
    let (item, y) = line.quotientAndRemainder(dividingBy: shape[1])
    return 4 * (item * imageStride + (y + margin) * lineStride + margin * quads)
  }

  var bytes: UnsafeMutablePointer<UInt8> { storage.pointer.assumingMemoryBound(to: UInt8.self) }

  /// Where pixel (0, 0) of the first image lies when `margin` pixels around it count.
  private var base: UnsafeMutablePointer<Float> {
    storage.pointer.assumingMemoryBound(to: Float.self)
  }
  private var quads: Int { shape[3] / 4 }
  private var lineStride: Int { (shape[2] + 2 * margin) * quads }
  private var imageStride: Int { (shape[1] + 2 * margin) * lineStride }

  /// The patches that a kernel sees which reaches into the whole margin.
  func patches(side: Int, stride: Int, height: Int, width: Int) -> fk_rows {
    if side == 1 && stride == 1 && margin == 0 {
      return fk_plain_rows(base, quads, shape[0] * height * width, quads)
    }
    return fk_rows(
      base: base, row_stride: stride * quads, width: width, line_stride: stride * lineStride,
      height: height, item_stride: imageStride, segments: side, length: side * quads,
      segment_stride: lineStride)
  }

  /// The pixels inside the margin, to be written.
  var target: fk_target {
    fk_target(
      base: base + margin * (lineStride + quads), row_stride: quads, width: shape[2],
      line_stride: lineStride, height: shape[1], item_stride: imageStride)
  }
}
