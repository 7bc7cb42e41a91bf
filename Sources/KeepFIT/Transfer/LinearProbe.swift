import Foundation

/// Linear probe: logistic regression on frozen features, as published, with an L2 penalty with C = 0.316,
/// class weights inverse to frequency, and an unpenalized intercept.
///
/// Minimizes `Σᵢ wᵢ ℓᵢ + ‖W‖² / (2C)` with `wᵢ = N / (K n_{yᵢ})` to its optimum, in double
/// precision. With two classes there is a single output (sigmoid), with more a softmax over all, as in
/// scikit-learn's `LogisticRegression(C=0.316, class_weight="balanced")`. Features are not standardized.
public struct LinearProbe: Sendable {
  /// The settings of the fit.
  public struct Options: Sendable, Equatable, Codable {
    /// The inverse regularization strength.
    public var inverseStrength = 0.316
    /// Whether classes are weighted by the inverse of their frequency.
    public var balancesClasses = true
    /// The tolerance: the largest absolute element of the gradient at convergence, in units of the largest
    /// sample weight. The default gives coefficients that are accurate to 1e-5.
    public var gradientTolerance = 1e-6
    /// The maximum number of iterations.
    public var maximumIterations = 2000

    /// The published settings, fitted to the optimum.
    public init() {}
  }

  /// W, `[R, D]` with R = 1 for two classes, otherwise K; row-major.
  public let weights: [Double]
  /// b, `[R]`.
  public let intercepts: [Double]
  /// K.
  public let classCount: Int
  /// D.
  public let featureCount: Int
  /// The number of iterations of the fit.
  public let iterations: Int

  /// Fits a probe.
  ///
  /// Centering the features changes only the intercept and speeds up convergence; it is done implicitly,
  /// without copying the data.
  /// - `features`: `[N, D]`.
  /// - `labels`: `[N]`, each below `classCount`; every class must occur.
  /// - Throws: ``TransferError`` for a class without samples, non-finite features, or a fit that does not
  ///   converge.
  public static func fit(
    features: Tensor, labels: [Int], classCount: Int, options: Options = Options()
  ) throws(TransferError) -> LinearProbe {
    let (count, width) = try check(features, labels, classCount)
    var sizes = [Int](repeating: 0, count: classCount)
    for label in labels { sizes[label] += 1 }
    if let empty = sizes.firstIndex(of: 0) {
      throw .invalid(
        "a linear probe needs training images of every class; class \(empty) has none")
    }
    let sampleWeights = labels.map {
      options.balancesClasses ? Double(count) / Double(classCount * sizes[$0]) : 1
    }
    let outputs = classCount == 2 ? 1 : classCount
    let design = DesignMatrix(features)
    let means = design.means
    let penalty = 1 / options.inverseStrength
    let objective = Objective(labels: labels, weights: sampleWeights, outputs: outputs)

    func function(_ point: [Double]) -> (value: Double, gradient: [Double]) {
      let weights = Array(point[0..<outputs * width])
      let centered = Array(point[(outputs * width)...])
      let intercepts = shifted(centered, weights, means, sign: -1)
      let result = design.evaluate(
        weights: weights, intercepts: intercepts, loss: objective.replaceByDerivatives)
      var gradient = result.weightGradient
      var value = result.loss
      for output in 0..<outputs {
        let slope = result.interceptGradient[output]
        for column in 0..<width {
          let index = output * width + column
          gradient[index] += penalty * weights[index] - slope * means[column]
          value += penalty / 2 * weights[index] * weights[index]
        }
      }
      return (value, gradient + result.interceptGradient)
    }

    let solver = LBFGS(
      gradientTolerance: options.gradientTolerance * max(1, sampleWeights.max() ?? 1),
      maximumIterations: options.maximumIterations, memory: 20)
    let start = [Double](repeating: 0, count: outputs * (width + 1))
    let outcome = solver.minimize(from: start, function)
    // The last digits of the objective may be lost to rounding before the tolerance is met.
    guard outcome.converged || outcome.gradientMaximum <= 100 * solver.gradientTolerance else {
      throw .invalid(
        "the linear probe did not converge in \(outcome.iterations) iterations (gradient "
          + "\(outcome.gradientMaximum)); check for features of very different scale")
    }
    let weights = Array(outcome.point[0..<outputs * width])
    let centered = Array(outcome.point[(outputs * width)...])
    return LinearProbe(
      weights: weights, intercepts: shifted(centered, weights, means, sign: -1),
      classCount: classCount, featureCount: width, iterations: outcome.iterations)
  }

  /// Creates a probe with given weights.
  /// - Parameters:
  ///   - weights: W, `[R, D]` with R = 1 for two classes, otherwise K; row-major.
  ///   - intercepts: b, `[R]`.
  ///   - classCount: K.
  ///   - featureCount: D.
  ///   - iterations: the number of iterations of the fit; 0 if there was none.
  public init(
    weights: [Double], intercepts: [Double], classCount: Int, featureCount: Int,
    iterations: Int = 0
  ) {
    let outputs = classCount == 2 ? 1 : classCount
    precondition(intercepts.count == outputs && weights.count == outputs * featureCount)
    self.weights = weights
    self.intercepts = intercepts
    self.classCount = classCount
    self.featureCount = featureCount
    self.iterations = iterations
  }

  private static func check(
    _ features: Tensor, _ labels: [Int], _ classCount: Int
  ) throws(TransferError) -> (Int, Int) {
    guard features.rank == 2, features.shape[0] == labels.count, !labels.isEmpty else {
      throw .invalid("\(labels.count) labels for features of shape \(features.shape)")
    }
    guard classCount >= 2, labels.allSatisfy({ $0 >= 0 && $0 < classCount }) else {
      throw .invalid("labels must be among the classes 0 to \(classCount - 1)")
    }
    let isFinite = features.withSpan { span in
      for index in span.indices where !span[index].isFinite { return false }
      return true
    }
    guard isFinite else { throw .invalid("the features contain non-finite values") }
    return (features.shape[0], features.shape[1])
  }

  /// Converts intercepts between centered and original features.
  private static func shifted(
    _ intercepts: [Double], _ weights: [Double], _ means: [Double], sign: Double
  ) -> [Double] {
    let width = means.count
    return intercepts.indices.map { output in
      var product = 0.0
      for column in 0..<width { product += weights[output * width + column] * means[column] }
      return intercepts[output] + sign * product
    }
  }

  /// `x Wᵀ + b`, `[N, R]`, in double precision.
  public func decisions(_ features: Tensor) -> [[Double]] {
    precondition(features.rank == 2 && features.shape[1] == featureCount)
    let outputs = intercepts.count
    return features.withSpan { span in
      (0..<features.shape[0]).map { row in
        (0..<outputs).map { output in
          var sum = intercepts[output]
          for column in 0..<featureCount {
            sum +=
              weights[output * featureCount + column] * Double(span[row * featureCount + column])
          }
          return sum
        }
      }
    }
  }

  /// Logits of all classes, `[N, K]`: for two classes, 0 and the decision value, whose softmax is the
  /// published pair of the sigmoid and its complement.
  public func logits(_ features: Tensor) -> Tensor {
    let rows = decisions(features)
    let values = rows.flatMap { row in classCount == 2 ? [0, row[0]] : row }
    return Tensor(values.map(Float.init), shape: [rows.count, classCount])
  }
}

/// The weighted logistic loss of a block of samples.
private struct Objective: Sendable {
  let labels: [Int]
  let weights: [Double]
  let outputs: Int

  /// Replaces scores `[samples, R]` by the derivatives of the loss and returns the loss.
  func replaceByDerivatives(_ samples: Range<Int>, _ scores: inout MutableSpan<Double>) -> Double {
    var loss = 0.0
    for (position, sample) in samples.enumerated() {
      let weight = weights[sample]
      if outputs == 1 {
        let score = scores[position]
        let sign = labels[sample] == 1 ? 1.0 : -1.0
        let margin = sign * score
        // log(1 + exp(-m)) without overflow on either side.
        loss += weight * (margin > 0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin)
        scores[position] = -weight * sign / (1 + exp(margin))
        continue
      }
      let base = position * outputs
      var top = scores[base]
      for output in 1..<outputs { top = max(top, scores[base + output]) }
      var sum = 0.0
      for output in 0..<outputs { sum += exp(scores[base + output] - top) }
      loss += weight * (log(sum) + top - scores[base + labels[sample]])
      for output in 0..<outputs {
        let share = exp(scores[base + output] - top) / sum
        scores[base + output] = weight * (share - (output == labels[sample] ? 1 : 0))
      }
    }
    return loss
  }
}
