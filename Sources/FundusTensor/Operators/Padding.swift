extension Tensor {
  /// Images with a margin of a constant.
  /// - Returns: `[N, top + H + bottom, left + W + right, C]`, without N for `[H, W, C]`.
  public func padded(
    top: Int = 0, bottom: Int = 0, left: Int = 0, right: Int = 0, value: Float = 0
  ) -> Tensor {
    precondition(rank == 3 || rank == 4, "cannot pad a tensor of shape \(shape)")
    precondition(min(top, bottom, left, right) >= 0, "a margin cannot be negative")
    if top == 0 && bottom == 0 && left == 0 && right == 0 { return self }
    let (height, width, channels) = (shape[rank - 3], shape[rank - 2], shape[rank - 1])
    var padded = shape
    padded[rank - 3] += top + bottom
    padded[rank - 2] += left + right
    let result = Tensor(repeating: value, shape: padded)
    let images = rank == 4 ? shape[0] : 1
    let (source, target) = (pointer, result.mutablePointer)
    let (newHeight, newWidth) = (padded[rank - 3], padded[rank - 2])
    ThreadPool.forEachRangeUnchecked(images * height, grain: 64) { range in
      for index in range {
        let row = index / height * newHeight + index % height + top
        (target + (row * newWidth + left) * channels).update(
          from: source + index * width * channels, count: width * channels)
      }
    }
    return result.recording(self) {
      [$0.croppedWindow(rows: top..<top + height, columns: left..<left + width)]
    }
  }

  /// The given rows and columns of images.
  /// - Returns: `[N, rows, columns, C]`, without N for `[H, W, C]`.
  public func croppedWindow(rows: Range<Int>, columns: Range<Int>) -> Tensor {
    precondition(rank == 3 || rank == 4, "cannot crop a tensor of shape \(shape)")
    let (height, width, channels) = (shape[rank - 3], shape[rank - 2], shape[rank - 1])
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= height && columns.lowerBound >= 0
        && columns.upperBound <= width, "rows \(rows), columns \(columns) of \(shape)")
    var cut = shape
    cut[rank - 3] = rows.count
    cut[rank - 2] = columns.count
    let result = Tensor(uninitialized: cut)
    let images = rank == 4 ? shape[0] : 1
    let (source, target) = (pointer, result.mutablePointer)
    let length = columns.count * channels
    ThreadPool.forEachRangeUnchecked(images * rows.count, grain: 64) { range in
      for index in range {
        let row = index / rows.count * height + index % rows.count + rows.lowerBound
        (target + index * length).update(
          from: source + (row * width + columns.lowerBound) * channels, count: length)
      }
    }
    return result.recording(self) {
      [
        $0.padded(
          top: rows.lowerBound, bottom: height - rows.upperBound, left: columns.lowerBound,
          right: width - columns.upperBound)
      ]
    }
  }
}
