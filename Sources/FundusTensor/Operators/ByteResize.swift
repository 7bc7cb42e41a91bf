import CFundusKernels

/// The layout of a resized image in a square tensor: in the upper left corner, with zeros to the right and
/// below.
public struct ImageFit: Hashable, Sendable {
  /// Rows of the image inside the result.
  public var height: Int
  /// Columns of the image inside the result.
  public var width: Int
  /// Rows of the result; the rest is zero.
  public var paddedHeight: Int
  /// Columns of the result; the rest is zero.
  public var paddedWidth: Int
  /// Whether a shrinking axis takes the mean under a triangle (see `Tensor/resized(height:width:antialias:)`).
  public var antialias: Bool
  /// Of the positions.
  public var precision: ResizePrecision
  /// The scale of the bytes 0 to 255: 1/255 for a range of 0 to 1.
  public var scale: Double

  /// An image of `height` x `width` in a result of `paddedHeight` x `paddedWidth`.
  public init(
    height: Int, width: Int, paddedHeight: Int, paddedWidth: Int, antialias: Bool,
    precision: ResizePrecision = .single, scale: Double = 1.0 / 255
  ) {
    precondition(height > 0 && width > 0, "a size of \(height) x \(width)")
    precondition(paddedHeight >= height && paddedWidth >= width, "padding cannot cut")
    self.height = height
    self.width = width
    self.paddedHeight = paddedHeight
    self.paddedWidth = paddedWidth
    self.antialias = antialias
    self.precision = precision
    self.scale = scale
  }
}

extension ImageFit {
  /// Resizes an image of bytes, straight into floats.
  ///
  /// The result is that of `Tensor/resized(height:width:antialias:)` on the scaled pixels (within
  /// 1e-6 for a range of 0 to 1), without a float copy of the image.
  ///
  /// - `pixels`: `[fullHeight, fullWidth, channels]` in row-major order. With a reduction r,
  ///   `[ceil(fullHeight / r), ceil(fullWidth / r), channels]`: each pixel the mean of r x r.
  /// - `target`: receives `[paddedHeight, paddedWidth, channels]`.
  public func resize(
    _ pixels: [UInt8], height fullHeight: Int, width fullWidth: Int, channels: Int,
    reduction: Int = 1, into target: inout MutableSpan<Float>
  ) {
    pixels.withUnsafeBufferPointer {
      resize(
        $0, height: fullHeight, width: fullWidth, channels: channels, reduction: reduction,
        into: &target)
    }
  }

  /// The same for an image in scratch memory.
  package func resize(
    _ pixels: ScratchBytes, height fullHeight: Int, width fullWidth: Int, channels: Int,
    reduction: Int = 1, into target: inout MutableSpan<Float>
  ) {
    pixels.withUnsafeBytes {
      resize(
        UnsafeBufferPointer($0), height: fullHeight, width: fullWidth, channels: channels,
        reduction: reduction, into: &target)
    }
  }

  private func resize(
    _ pixels: UnsafeBufferPointer<UInt8>, height fullHeight: Int, width fullWidth: Int,
    channels: Int, reduction: Int, into target: inout MutableSpan<Float>
  ) {
    precondition(
      fullHeight > 0 && fullWidth > 0 && channels > 0 && reduction > 0,
      "an image of \(fullHeight) x \(fullWidth) x \(channels), reduced by \(reduction)")
    // Its sizes may have been changed since they were checked.
    precondition(
      height > 0 && width > 0 && paddedHeight >= height && paddedWidth >= width,
      "a result of \(height) x \(width) within \(paddedHeight) x \(paddedWidth)")
    let rows = ResampleTaps(
      from: fullHeight, to: height, antialias: antialias, reduction: reduction, scale: scale,
      precision: precision)
    let columns = ResampleTaps(
      from: fullWidth, to: width, antialias: antialias, reduction: reduction,
      precision: precision)
    precondition(
      pixels.count == rows.inputCount * columns.inputCount * channels,
      "\(pixels.count) bytes for \(rows.inputCount) x \(columns.inputCount) x \(channels)")
    precondition(
      target.count == paddedHeight * paddedWidth * channels,
      "\(target.count) elements for \(paddedHeight) x \(paddedWidth) x \(channels)")
    let stride = paddedWidth * channels
    let used = width * channels
    target.withUnsafeMutableBufferPointer { buffer in
      let base = buffer.baseAddress!
      let source = pixels.baseAddress!
      ThreadPool.forEachRangeUnchecked(height, grain: Resampling.rowsPerTask) { range in
        Resampling.resample(
          source, kernel: fk_resample_rows_u8, into: base, targetStride: stride,
          outputRows: range, rows: rows, columns: columns, channels: channels)
        for row in range {
          (base + row * stride + used).update(repeating: 0, count: stride - used)
        }
      }
      (base + height * stride).update(repeating: 0, count: (paddedHeight - height) * stride)
    }
  }
}
