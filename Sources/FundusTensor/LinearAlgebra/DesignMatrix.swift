import CFundusKernels

/// The features of N samples, `[N, D]`, read by linear models whose arithmetic is in double
/// precision.
///
/// Every evaluation reads the features once, block by block, for the scores and the gradient
/// together: half the memory traffic of two matrix products, and a quarter of what a
/// double-precision copy would take. Results are bit-identical for any number of threads.
public struct DesignMatrix: Sendable {
  /// `[N, D]`.
  public let features: Tensor
  /// The number of samples N.
  public var rows: Int { features.shape[0] }
  /// The number of features D.
  public var columns: Int { features.shape[1] }

  /// A loss with its gradients.
  public struct Evaluation: Sendable {
    /// The sum of the samples' losses.
    public var loss: Double
    /// `[K, D]`, row-major.
    public var weightGradient: [Double]
    /// `[K]`.
    public var interceptGradient: [Double]
  }

  /// Rows widened at a time, so that a block of 2048 columns stays in a core's cache.
  private static let blockRows = 16
  /// Parts that are summed separately, independently of the number of threads.
  private static let partCount = 16

  /// Features `[N, D]`.
  public init(_ features: Tensor) {
    precondition(features.rank == 2, "features are [N, D], not \(features.shape)")
    self.features = features.detached
  }

  /// Evaluates a linear model with K outputs, `score = x Wᵀ + b`.
  ///
  /// - Parameters:
  ///   - weights: W, `[K, D]`, row-major.
  ///   - intercepts: b, `[K]`.
  ///   - loss: receives a range of samples and their scores `[range.count, K]`, replaces the scores
  ///     by the derivatives of the loss with respect to them, and returns the sum of the losses. Runs on
  ///     several threads at a time.
  public func evaluate(
    weights: [Double], intercepts: [Double],
    loss: @Sendable (Range<Int>, inout MutableSpan<Double>) -> Double
  ) -> Evaluation {
    let outputs = intercepts.count
    precondition(
      weights.count == outputs * columns, "\(weights.count) weights for [\(outputs), \(columns)]")
    let (rows, columns) = (rows, columns)
    let partRows = max(Self.blockRows, (rows + Self.partCount - 1) / Self.partCount)
    let parts = (rows + partRows - 1) / partRows
    // A part's gradient, then the intercepts' gradient, then its loss.
    let width = outputs * columns + outputs + 1
    var sums = [Double](repeating: 0, count: parts * width)
    sums.withUnsafeMutableBufferPointer { sums in
      let target = sums.baseAddress!
      ThreadPool.forEachUnchecked(parts) { part in
        let gradient = target + part * width
        let wide = UnsafeMutablePointer<Double>.allocate(capacity: Self.blockRows * columns)
        let scores = UnsafeMutablePointer<Double>.allocate(capacity: Self.blockRows * outputs)
        defer {
          wide.deallocate()
          scores.deallocate()
        }
        let range = part * partRows..<min(rows, (part + 1) * partRows)
        for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.blockRows) {
          let block = first..<min(range.upperBound, first + Self.blockRows)
          fk_design_scores(
            features.pointer + first * columns, block.count, columns, weights, outputs, wide,
            scores)
          for index in 0..<block.count * outputs { scores[index] += intercepts[index % outputs] }
          var span = MutableSpan(_unsafeStart: scores, count: block.count * outputs)
          gradient[width - 1] += loss(block, &span)
          fk_design_gradient(wide, block.count, columns, scores, outputs, gradient)
          for index in 0..<block.count * outputs {
            gradient[outputs * columns + index % outputs] += scores[index]
          }
        }
      }
    }
    var total = [Double](repeating: 0, count: width)
    for part in 0..<parts {
      for index in 0..<width { total[index] += sums[part * width + index] }
    }
    return Evaluation(
      loss: total[width - 1], weightGradient: Array(total[0..<outputs * columns]),
      interceptGradient: Array(total[outputs * columns..<width - 1]))
  }

  /// The mean of each feature, `[D]`.
  public var means: [Double] {
    var sums = [Double](repeating: 0, count: columns)
    features.withSpan { span in
      for row in 0..<rows {
        for column in 0..<columns { sums[column] += Double(span[row * columns + column]) }
      }
    }
    return sums.map { $0 / Double(max(1, rows)) }
  }
}
