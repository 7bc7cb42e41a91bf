import Foundation

/// Temperature scaling (Guo et al., ICML 2017): logits are divided by one number T > 0, which makes
/// probabilities agree with frequencies and changes no ranking of the classes of an image.
public enum TemperatureScaling {
  /// The limits of a temperature; logits that separate the images perfectly have no optimum between them.
  public static let limits = 0.05...20.0

  /// The temperature that minimizes the mean negative log-likelihood of the true classes.
  ///
  /// The likelihood is unimodal in T, so that golden-section search on log T finds the optimum to 1e-6.
  /// - Parameters:
  ///   - logits: `[N, K]`, of images that the classifier was not fitted on; at least one.
  ///   - labels: `[N]`, the true class of each.
  public static func fit(logits: [[Float]], labels: [Int]) -> Double {
    minimum { negativeLogLikelihood(logits: logits, labels: labels, temperature: $0) }
  }

  /// The temperature that minimizes the mean binary cross-entropy over images and labels.
  /// - Parameters:
  ///   - logits: `[N, K]`; at least one row.
  ///   - targets: `[N, K]`, whether each label applies.
  public static func fit(logits: [[Float]], targets: [[Bool]]) -> Double {
    minimum { temperature in
      var sum = 0.0
      for (row, truth) in zip(logits, targets) {
        for (logit, isTrue) in zip(row, truth) {
          let margin = Double(isTrue ? logit : -logit) / temperature
          sum += margin > 0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin
        }
      }
      return sum
    }
  }

  /// The mean negative log-likelihood of the true classes, in nats.
  public static func negativeLogLikelihood(
    logits: [[Float]], labels: [Int], temperature: Double = 1
  ) -> Double {
    var sum = 0.0
    for (row, label) in zip(logits, labels) {
      let scaled = row.map { Double($0) / temperature }
      let top = scaled.max() ?? 0
      sum += log(scaled.reduce(0) { $0 + exp($1 - top) }) + top - scaled[label]
    }
    return sum / Double(max(1, labels.count))
  }

  private static func minimum(_ value: (Double) -> Double) -> Double {
    let ratio = (5.0.squareRoot() - 1) / 2
    var (low, high) = (log(limits.lowerBound), log(limits.upperBound))
    var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
    var (atLeft, atRight) = (value(exp(left)), value(exp(right)))
    while high - low > 1e-7 {
      if atLeft <= atRight {
        (high, right, atRight) = (right, left, atLeft)
        left = high - ratio * (high - low)
        atLeft = value(exp(left))
      } else {
        (low, left, atLeft) = (left, right, atRight)
        right = low + ratio * (high - low)
        atRight = value(exp(right))
      }
    }
    return exp((low + high) / 2)
  }
}
