/// The mean over windows: PyTorch's `avg_pool2d`.
///
/// - Parameters:
///   - x: `[N, H, W, C]`
///   - kernel: the side of a window
///   - stride: distance between neighboring windows; the kernel's side if omitted
///   - padding: zeros on each side of the image; at most half of the kernel
///   - countsPadding: whether these zeros are included in the mean, as in PyTorch by default
/// - Returns: `[N, (H + 2p - k) / s + 1, (W + 2p - k) / s + 1, C]`
public func averagePool2d(
  _ x: Tensor, kernel: Int, stride: Int? = nil, padding: Int = 0, countsPadding: Bool = true
) -> Tensor {
  let stride = stride ?? kernel
  precondition(x.rank == 4, "images are [N, H, W, C], not \(x.shape)")
  precondition(
    kernel > 0 && stride > 0 && padding >= 0 && padding * 2 <= kernel
      && min(x.shape[1], x.shape[2]) + 2 * padding >= kernel,
    "windows of \(kernel), stride \(stride), padding \(padding) on \(x.shape)")
  func taps(_ size: Int) -> ResampleTaps {
    ResampleTaps(
      windows: (0..<(size + 2 * padding - kernel) / stride + 1).map {
        max(0, $0 * stride - padding)..<min(size, $0 * stride - padding + kernel)
      }, of: size, weight: { 1 / Double(countsPadding ? kernel : $0) })
  }
  return x.resampled(rows: taps(x.shape[1]), columns: taps(x.shape[2]))
}

/// The mean over a number of windows of about equal size: PyTorch's `adaptive_avg_pool2d`.
///
/// Window i of h along H reaches from ⌊i H / h⌋ to ⌈(i + 1) H / h⌉.
/// - Parameters:
///   - x: `[N, H, W, C]`
///   - height: rows of the result
///   - width: columns of the result
/// - Returns: `[N, height, width, C]`
public func adaptiveAveragePool2d(_ x: Tensor, height: Int, width: Int) -> Tensor {
  precondition(x.rank == 4 && x.shape[1] > 0 && x.shape[2] > 0, "no image: \(x.shape)")
  precondition(height > 0 && width > 0, "a size of \(height) x \(width)")
  func taps(_ size: Int, _ count: Int) -> ResampleTaps {
    ResampleTaps(
      windows: (0..<count).map { $0 * size / count..<(($0 + 1) * size + count - 1) / count },
      of: size, weight: { 1 / Double($0) })
  }
  return x.resampled(rows: taps(x.shape[1], height), columns: taps(x.shape[2], width))
}

extension Tensor {
  /// Images at another size, each pixel that of the source which it falls into: PyTorch's `interpolate`
  /// with mode `nearest`.
  /// - Returns: `[N, height, width, C]` for `[N, H, W, C]`.
  public func resizedNearest(height: Int, width: Int) -> Tensor {
    precondition(rank == 4 && shape[1] > 0 && shape[2] > 0, "no image: \(shape)")
    precondition(height > 0 && width > 0, "a size of \(height) x \(width)")
    func taps(_ size: Int, _ count: Int) -> ResampleTaps {
      ResampleTaps(
        windows: (0..<count).map { $0 * size / count..<$0 * size / count + 1 }, of: size,
        weight: { _ in 1 })
    }
    return resampled(rows: taps(shape[1], height), columns: taps(shape[2], width))
  }

  /// Weighted sums along H and W.
  fileprivate func resampled(rows: ResampleTaps, columns: ResampleTaps) -> Tensor {
    Resampling.apply(self, rows: rows, columns: columns).recording(self) {
      [Resampling.apply($0, rows: rows.transposed, columns: columns.transposed)]
    }
  }
}

extension ResampleTaps {
  /// Each output is the sum over a window of the inputs, times a weight that depends on its size.
  fileprivate init(windows: [Range<Int>], of size: Int, weight: (Int) -> Double) {
    self.init(
      inputCount: size,
      rows: windows.map {
        ($0.lowerBound, [Double](repeating: weight($0.count), count: $0.count))
      })
  }
}
