import CFundusKernels

extension Tensor {
  /// Images at another size, by bilinear interpolation: PyTorch's `interpolate` with
  /// `align_corners` off.
  ///
  /// Without antialias an output pixel is a blend of the two nearest pixels along each axis. With
  /// it, a shrinking axis takes the mean under a triangle that is as wide as the ratio; a growing
  /// one is the same in both modes.
  ///
  /// - `height`: rows of the result, positive.
  /// - `width`: columns of the result, positive.
  /// - `precision`: of the positions; the sums are in single precision.
  /// - Returns: `[N, height, width, C]` for `[N, H, W, C]`, `[height, width, C]` for `[H, W, C]`.
  public func resized(
    height: Int, width: Int, antialias: Bool, precision: ResizePrecision = .single
  ) -> Tensor {
    precondition(rank == 3 || rank == 4, "cannot resize a tensor of shape \(shape)")
    precondition(height > 0 && width > 0, "a size of \(height) x \(width)")
    let (oldHeight, oldWidth, channels) = (shape[rank - 3], shape[rank - 2], shape[rank - 1])
    precondition(oldHeight > 0 && oldWidth > 0, "an image without pixels: \(shape)")
    if oldHeight == height && oldWidth == width { return self }
    let rows = ResampleTaps(from: oldHeight, to: height, antialias: antialias, precision: precision)
    let columns = ResampleTaps(
      from: oldWidth, to: width, antialias: antialias, precision: precision)
    let result = Resampling.apply(self, rows: rows, columns: columns)
    return result.recording(self) { gradient in
      assert(gradient.shape[gradient.rank - 1] == channels)
      return [
        Resampling.apply(gradient, rows: rows.transposed, columns: columns.transposed)
      ]
    }
  }
}

enum Resampling {
  /// Output rows that a thread takes at a time.
  static let rowsPerTask = 8

  static func apply(_ input: Tensor, rows: ResampleTaps, columns: ResampleTaps) -> Tensor {
    var shape = input.shape
    let rank = shape.count
    let channels = shape[rank - 1]
    shape[rank - 3] = rows.outputCount
    shape[rank - 2] = columns.outputCount
    let result = Tensor(uninitialized: shape)
    let oldStride = columns.inputCount * channels
    let newStride = columns.outputCount * channels
    let (source, target) = (input.pointer, result.mutablePointer)
    let images = rank == 4 ? shape[0] : 1
    let groups = (rows.outputCount + rowsPerTask - 1) / rowsPerTask
    ThreadPool.forEachUnchecked(images * groups) { task in
      let image = task / groups
      let first = task % groups * rowsPerTask
      let range = first..<min(first + rowsPerTask, rows.outputCount)
      resample(
        source + image * rows.inputCount * oldStride, kernel: fk_resample_rows_f32,
        into: target + image * rows.outputCount * newStride, targetStride: newStride,
        outputRows: range, rows: rows, columns: columns, channels: channels)
    }
    return result
  }

  typealias RowKernel<Element> = (
    UnsafePointer<Element>, Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int
  ) -> Void

  /// Computes the given rows of the result.
  static func resample<Element>(
    _ source: UnsafePointer<Element>, kernel: RowKernel<Element>,
    into target: UnsafeMutablePointer<Float>, targetStride: Int, outputRows: Range<Int>,
    rows: ResampleTaps, columns: ResampleTaps, channels: Int
  ) {
    let stride = columns.inputCount * channels
    withUnsafeTemporaryAllocation(of: Float.self, capacity: stride + 4) { line in
      // The column pass may read a little past the last pixel.
      let buffer = line.baseAddress!
      (buffer + stride).initialize(repeating: 0, count: 4)
      rows.weights.withUnsafeBufferPointer { rowWeights in
        columns.weights.withUnsafeBufferPointer { columnWeights in
          for row in outputRows {
            kernel(
              source + Int(rows.first[row]) * stride, stride, rows.taps,
              rowWeights.baseAddress! + row * rows.taps, buffer, stride)
            fk_resample_columns(
              buffer, columns.first, columnWeights.baseAddress!, columns.taps,
              target + row * targetStride, columns.outputCount, channels)
          }
        }
      }
    }
  }
}
