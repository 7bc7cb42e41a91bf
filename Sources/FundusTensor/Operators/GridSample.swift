import CFundusKernels

/// The values outside an image in sampling.
public enum SamplingBorder: String, Sendable, Codable {
  /// Zeros.
  case zeros
  /// The nearest pixel of the edge.
  case edge
}

extension Tensor {
  /// Images sampled bilinearly at points: PyTorch's `grid_sample`.
  ///
  /// - `grid`: `[N, OH, OW, 2]`, the point (x, y) for each pixel of the result. -1 and 1 are the
  ///   edges of the image: the centers of its outermost pixels with `alignCorners`, their outer
  ///   sides without.
  /// - Returns: `[N, OH, OW, C]` for `[N, H, W, C]`. Gradients flow to the images and the grid.
  public func gridSampled(
    at grid: Tensor, alignCorners: Bool = false, border: SamplingBorder = .zeros
  ) -> Tensor {
    precondition(
      rank == 4 && shape[1] > 0 && shape[2] > 0, "cannot sample a tensor of shape \(shape)")
    precondition(
      grid.rank == 4 && grid.shape[0] == shape[0] && grid.shape[3] == 2,
      "a grid of \(grid.shape) for images of \(shape)")
    let scales = [shape[2], shape[1]].map { Float(alignCorners ? $0 - 1 : $0) / 2 }
    let offsets = [shape[2], shape[1]].map { Float($0 - 1) / 2 }
    var points = Tensor(uninitialized: grid.shape)
    let (from, to) = (grid.pointer, points.mutablePointer)
    for index in 0..<grid.count { to[index] = from[index] * scales[index & 1] + offsets[index & 1] }
    points.node = nil
    let image = self
    let result = GridSampling.forward(image, points, border: border)
    return result.recording(self, grid) { [points] gradient in
      GridSampling.backward(
        image, points, border: border, gradient: gradient, scales: scales,
        needsImage: image.requiresGradient, needsGrid: grid.requiresGradient)
    }
  }

  /// The grid of an affine map for ``gridSampled(at:alignCorners:border:)``: PyTorch's `affine_grid`.
  ///
  /// The point for a pixel at (x, y) is A · (x, y, 1), all in coordinates from -1 to 1.
  /// - Returns: `[N, height, width, 2]` for maps `[N, 2, 3]`, with gradients.
  public func affineGrid(height: Int, width: Int, alignCorners: Bool = false) -> Tensor {
    precondition(rank == 3 && shape[1] == 2 && shape[2] == 3, "maps of shape \(shape)")
    precondition(height >= 0 && width >= 0, "a grid of \(height) x \(width)")
    func axis(_ size: Int) -> [Float] {
      (0..<size).map { index in
        let position = Float(2 * index + 1 - size)
        return alignCorners ? (size > 1 ? position / Float(size - 1) : 0) : position / Float(size)
      }
    }
    let (xs, ys) = (axis(width), axis(height))
    let result = Tensor(uninitialized: [shape[0], height, width, 2])
    let (maps, target) = (pointer, result.mutablePointer)
    let images = shape[0]
    ThreadPool.forEachRangeUnchecked(images * height, grain: 64) { range in
      for index in range {
        let map = maps + index / height * 6
        let y = ys[index % height]
        for x in 0..<width {
          for c in 0..<2 {
            target[(index * width + x) * 2 + c] =
              map[c * 3] * xs[x] + map[c * 3 + 1] * y + map[c * 3 + 2]
          }
        }
      }
    }
    return result.recording(self) { gradient in
      let sums = Tensor(uninitialized: [images, 2, 3])
      let (source, target) = (gradient.pointer, sums.mutablePointer)
      ThreadPool.forEachUnchecked(images) { image in
        var total = [Double](repeating: 0, count: 6)
        for row in 0..<height {
          for column in 0..<width {
            let at = source + ((image * height + row) * width + column) * 2
            for c in 0..<2 {
              total[c * 3] += Double(at[c] * xs[column])
              total[c * 3 + 1] += Double(at[c] * ys[row])
              total[c * 3 + 2] += Double(at[c])
            }
          }
        }
        for index in 0..<6 { target[image * 6 + index] = Float(total[index]) }
      }
      return [sums]
    }
  }
}

private enum GridSampling {
  /// Points that a thread takes at a time.
  static let grain = 4096

  static func forward(_ image: Tensor, _ points: Tensor, border: SamplingBorder) -> Tensor {
    let (height, width, channels) = (image.shape[1], image.shape[2], image.shape[3])
    let perImage = points.shape[1] * points.shape[2]
    let result = Tensor(uninitialized: Array(points.shape[..<3]) + [channels])
    let (source, at, target) = (image.pointer, points.pointer, result.mutablePointer)
    let pieces = (perImage + grain - 1) / grain
    ThreadPool.forEachUnchecked(image.shape[0] * pieces) { task in
      let first = task % pieces * grain
      let image = task / pieces
      let start = image * perImage + first
      fk_sample_bilinear(
        source + image * height * width * channels, height, width, channels, at + start * 2,
        min(grain, perImage - first), border == .edge, target + start * channels)
    }
    return result
  }

  /// Image by image, since several points may add to the same pixel.
  static func backward(
    _ image: Tensor, _ points: Tensor, border: SamplingBorder, gradient: Tensor, scales: [Float],
    needsImage: Bool, needsGrid: Bool
  ) -> [Tensor?] {
    let (height, width, channels) = (image.shape[1], image.shape[2], image.shape[3])
    let perImage = points.shape[1] * points.shape[2]
    let imageGradient = needsImage ? Tensor(zeros: image.shape) : nil
    let gridGradient = needsGrid ? Tensor(uninitialized: points.shape) : nil
    let (source, at, arriving) = (image.pointer, points.pointer, gradient.pointer)
    let (toImage, toGrid) = (imageGradient?.mutablePointer, gridGradient?.mutablePointer)
    let size = height * width * channels
    ThreadPool.forEachUnchecked(image.shape[0]) { image in
      fk_sample_bilinear_backward(
        source + image * size, height, width, channels, at + image * perImage * 2,
        perImage, border == .edge, arriving + image * perImage * channels,
        toImage.map { $0 + image * size }, toGrid.map { $0 + image * perImage * 2 })
      if let toGrid {
        for index in image * perImage * 2..<(image + 1) * perImage * 2 {
          toGrid[index] *= scales[index & 1]
        }
      }
    }
    return [imageGradient, gridGradient]
  }
}
