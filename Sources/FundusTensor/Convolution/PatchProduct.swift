import CFundusKernels

/// A convolution with any options as products of matrices of patches, some rows of results at a time:
/// plain where the fast paths are fast.
struct PatchProduct: Sendable {
  private let items: Int, height: Int, width: Int, channels: Int
  private let kernelHeight: Int, kernelWidth: Int, outputs: Int
  private let options: ConvolutionOptions
  private let outputHeight: Int, outputWidth: Int
  private let weightShape: [Int]

  init(_ shape: [Int], weight: [Int], options: ConvolutionOptions) {
    precondition(shape.count == 4, "images are [N, H, W, C], not \(shape)")
    precondition(weight.count == 4, "weights are [KH, KW, C, O], not \(weight)")
    (items, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
    (kernelHeight, kernelWidth, outputs) = (weight[0], weight[1], weight[3])
    (self.options, weightShape) = (options, weight)
    precondition(
      weight[2] * options.groups == channels && outputs % options.groups == 0,
      "\(options.groups) groups of \(channels) channels for weights of \(weight)")
    let spanHeight = options.dilation.rows * (kernelHeight - 1) + 1
    let spanWidth = options.dilation.columns * (kernelWidth - 1) + 1
    let freeHeight = height + 2 * options.padding.rows - spanHeight
    let freeWidth = width + 2 * options.padding.columns - spanWidth
    precondition(
      kernelHeight > 0 && kernelWidth > 0 && freeHeight >= 0 && freeWidth >= 0,
      "a kernel that spans \(spanHeight) x \(spanWidth) does not fit into \(height) x \(width)")
    outputHeight = freeHeight / options.stride.rows + 1
    outputWidth = freeWidth / options.stride.columns + 1
  }

  private var groupChannels: Int { channels / options.groups }
  private var groupOutputs: Int { outputs / options.groups }
  /// Columns of the matrix of patches of one group.
  private var inner: Int { kernelHeight * kernelWidth * groupChannels }
  /// Floats of patches at a time.
  private static let patchFloats = 1 << 16
  /// Rows of results whose patches are laid out at a time.
  private var rowsPerTile: Int {
    max(1, min(outputHeight, Self.patchFloats / max(1, outputWidth * inner)))
  }

  /// y `[N, H', W', O]` from x.
  func forward(_ x: Tensor, _ weight: Tensor) -> Tensor {
    let result = Tensor(uninitialized: [items, outputHeight, outputWidth, outputs])
    let tiles = (outputHeight + rowsPerTile - 1) / rowsPerTile
    ThreadPool.forEachUnchecked(items * tiles) { task in
      let (item, tile) = task.quotientAndRemainder(dividingBy: tiles)
      let image = x.pointer + item * height * width * channels
      let rows = tile * rowsPerTile..<min(outputHeight, (tile + 1) * rowsPerTile)
      withPatches { patches in
        for group in 0..<options.groups {
          fill(patches, from: image, rows, group)
          BLAS.multiply(
            patches, transposed: false, stride: inner,
            weight.pointer + group * groupOutputs, transposed: false, stride: outputs,
            into: result.mutablePointer
              + (item * outputHeight + rows.lowerBound) * outputWidth * outputs
              + group * groupOutputs,
            stride: outputs, rows: rows.count * outputWidth, columns: groupOutputs, inner: inner)
        }
      }
    }
    return result
  }

  /// dx from dy: each patch's gradient is added where the patch lies. One thread has an image.
  func inputGradient(_ dy: Tensor, _ weight: Tensor) -> Tensor {
    checkResult(dy)
    let result = Tensor(zeros: [items, height, width, channels])
    ThreadPool.forEachUnchecked(items) { item in
      let image = result.mutablePointer + item * height * width * channels
      withPatches { patches in
        forEachTile { rows in
          for group in 0..<options.groups {
            BLAS.multiply(
              dy.pointer + (item * outputHeight + rows.lowerBound) * outputWidth * outputs
                + group * groupOutputs, transposed: false, stride: outputs,
              weight.pointer + group * groupOutputs, transposed: true, stride: outputs,
              into: patches, stride: inner, rows: rows.count * outputWidth, columns: inner,
              inner: groupOutputs)
            forEachRun(rows, group) { place, pixel in
              if let pixel { fk_accumulate(patches + place, 1, image + pixel, groupChannels) }
            }
          }
        }
      }
    }
    return result
  }

  /// dw from dy and x: sums over up to eight parts of the batch, added in order.
  func weightGradient(_ dy: Tensor, _ x: Tensor) -> Tensor {
    checkResult(dy)
    let grain = max(1, (items + 7) / 8)
    let parts = (items + grain - 1) / grain
    let sums = Tensor(zeros: [max(1, parts)] + weightShape)
    ThreadPool.forEachRangeUnchecked(items, grain: grain) { part in
      let sum = sums.mutablePointer + part.lowerBound / grain * inner * outputs
      withPatches { patches in
        for item in part {
          let image = x.pointer + item * height * width * channels
          forEachTile { rows in
            for group in 0..<options.groups {
              fill(patches, from: image, rows, group)
              BLAS.multiply(
                patches, transposed: true, stride: inner,
                dy.pointer + (item * outputHeight + rows.lowerBound) * outputWidth * outputs
                  + group * groupOutputs, transposed: false, stride: outputs,
                into: sum + group * groupOutputs, stride: outputs, rows: inner,
                columns: groupOutputs, inner: rows.count * outputWidth, accumulate: true)
            }
          }
        }
      }
    }
    return sums.sum(axis: 0)
  }

  private func checkResult(_ y: Tensor) {
    let expected = [items, outputHeight, outputWidth, outputs]
    precondition(y.shape == expected, "\(y.shape) where the convolution gives \(expected)")
  }

  private func withPatches(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    let patches = Tensor(uninitialized: [rowsPerTile * outputWidth * inner])
    body(patches.mutablePointer)
  }

  private func forEachTile(_ body: (Range<Int>) -> Void) {
    for first in stride(from: 0, to: outputHeight, by: rowsPerTile) {
      body(first..<min(outputHeight, first + rowsPerTile))
    }
  }

  /// Lays out the patches of the rows of results; the margin is zero.
  private func fill(
    _ patches: UnsafeMutablePointer<Float>, from image: UnsafePointer<Float>, _ rows: Range<Int>,
    _ group: Int
  ) {
    forEachRun(rows, group) { place, pixel in
      let target = patches + place
      if let pixel {
        target.update(from: image + pixel, count: groupChannels)
      } else {
        target.update(repeating: 0, count: groupChannels)
      }
    }
  }

  /// Gives, for each tap of each result of the rows, its place in the matrix of patches and the place of
  /// its channels in the image; nil in the margin.
  private func forEachRun(_ rows: Range<Int>, _ group: Int, _ body: (Int, Int?) -> Void) {
    var place = 0
    for i in rows {
      for j in 0..<outputWidth {
        for k in 0..<kernelHeight {
          let y = i * options.stride.rows + k * options.dilation.rows - options.padding.rows
          for l in 0..<kernelWidth {
            let x =
              j * options.stride.columns + l * options.dilation.columns - options.padding.columns
            let isInside = y >= 0 && y < height && x >= 0 && x < width
            body(
              place,
              isInside ? (y * width + x) * channels + group * groupChannels : nil)
            place += groupChannels
          }
        }
      }
    }
  }
}
