import Foundation

/// A 95 % confidence interval of a score.
public struct ConfidenceInterval: Sendable, Codable, Equatable {
  /// The method of an interval.
  public enum Method: String, Sendable, Codable {
    /// Wilson's score interval of a proportion (1927).
    case wilson
    /// Wilson's intervals of the classes, combined into that of their mean (MOVER; Zou and Donner 2008).
    case wilsonMean = "wilson-mover"
    /// Newcombe's score interval of an area under the ROC curve (2006, method 5).
    case newcombe
    /// Newcombe's intervals of the classes, combined into that of their mean with correlations from a bootstrap
    /// (MOVER; Zou 2007).
    case newcombeMean = "newcombe-mover"
    /// Wilson's interval with the number of positive images (after Boyd, Eng and Page 2013).
    case wilsonPositives = "wilson-positives"
    /// Simulation from the posterior of each row of the confusion matrix, with a Dirichlet prior of the weight
    /// of one image.
    case dirichlet
    /// Percentiles over resampled images or groups, at least as wide as Wilson's interval.
    case bootstrapWilson = "bootstrap-wilson"

    /// A short description for captions.
    public var caption: String {
      switch self {
      case .wilson: "Wilson"
      case .wilsonMean: "Wilson by class, combined by MOVER"
      case .newcombe: "Newcombe's method 5"
      case .newcombeMean: "Newcombe's method 5 by class, combined by MOVER"
      case .wilsonPositives: "Wilson with the number of positive images"
      case .dirichlet: "posterior simulation of the confusion matrix"
      case .bootstrapWilson: "bootstrap over images or groups, at least as wide as Wilson's"
      }
    }
  }

  /// The lower limit.
  public let lower: Double
  /// The upper limit.
  public let upper: Double
  /// The method.
  public let method: Method

  /// The normal quantile of 95 %.
  static let quantile = 1.959963984540054

  /// Wilson's score interval of a proportion (Wilson, 1927), which is valid at 0 and 1, where the bootstrap
  /// and the normal approximation have no width.
  /// - Parameters:
  ///   - proportion: the observed proportion, 0 to 1.
  ///   - count: the number of independent observations, more than 0; need not be an integer.
  ///   - method: the method to record.
  public static func wilson(
    _ proportion: Double, count: Double, method: Method = .wilson
  ) -> ConfidenceInterval {
    let z2 = quantile * quantile
    let center = (proportion + z2 / (2 * count)) / (1 + z2 / count)
    let half =
      quantile / (1 + z2 / count)
      * (proportion * (1 - proportion) / count + z2 / (4 * count * count)).squareRoot()
    // For 0 and n of n the limits are 0 and 1 up to rounding.
    return ConfidenceInterval(
      lower: proportion <= 0 ? 0 : max(0, center - half),
      upper: proportion >= 1 ? 1 : min(1, center + half), method: method)
  }

  /// Newcombe's score interval of an area under the ROC curve (Statistics in Medicine 25, 2006, method
  /// 5): Hanley and McNeil's variance is evaluated at the limits, so that an area of 1 has a lower limit.
  /// - Parameters:
  ///   - area: the observed area, 0 to 1.
  ///   - positives: the number of independent images of the class, more than 0; need not be an integer.
  ///   - negatives: the number of independent other images, more than 0.
  public static func newcombe(
    area: Double, positives: Double, negatives: Double
  ) -> ConfidenceInterval {
    let shared = max(0, (positives + negatives) / 2 - 1)
    /// Positive if θ is outside of the interval.
    func excess(_ theta: Double) -> Double {
      let variance =
        theta * (1 - theta)
        * (1 + shared * (1 - theta) / (2 - theta) + shared * theta / (1 + theta))
        / (positives * negatives)
      return (area - theta) * (area - theta) - quantile * quantile * variance
    }
    func limit(from inside: Double, to outside: Double) -> Double {
      var (near, far) = (inside, outside)
      for _ in 0..<60 {
        let middle = (near + far) / 2
        if excess(middle) > 0 { far = middle } else { near = middle }
      }
      return (near + far) / 2
    }
    return ConfidenceInterval(
      lower: area <= 0 ? 0 : limit(from: area, to: 0),
      upper: area >= 1 ? 1 : limit(from: area, to: 1), method: .newcombe)
  }

  /// The interval of the mean of several scores from their intervals, by the method of variance estimates
  /// recovery (MOVER; Zou and Donner, Statistics in Medicine 27, 2008).
  /// - Parameters:
  ///   - parts: each score with its interval; at least one.
  ///   - correlations: correlations of the scores' errors, `[K, K]`; nil for independent scores.
  ///   - method: the method to record.
  public static func mean(
    of parts: [(value: Double, interval: ConfidenceInterval)], correlations: [[Double]]? = nil,
    method: Method
  ) -> ConfidenceInterval {
    let count = Double(parts.count)
    let center = parts.reduce(0) { $0 + $1.value } / count
    func half(_ distances: [Double]) -> Double {
      var sum = 0.0
      for (row, first) in distances.enumerated() {
        for (column, second) in distances.enumerated() {
          let correlation = row == column ? 1 : correlations?[row][column] ?? 0
          sum += correlation * first * second
        }
      }
      return max(0, sum).squareRoot() / count
    }
    return ConfidenceInterval(
      lower: max(0, center - half(parts.map { $0.value - $0.interval.lower })),
      upper: min(1, center + half(parts.map { $0.interval.upper - $0.value })), method: method)
  }

  /// The range between the 2.5 % and 97.5 % quantiles of sorted samples, widened to include `value`.
  static func percentile(
    _ draws: [Double], around value: Double, method: Method
  ) -> ConfidenceInterval {
    let sorted = draws.sorted()
    return ConfidenceInterval(
      lower: min(value, quantile(0.025, of: sorted)),
      upper: max(value, quantile(0.975, of: sorted)), method: method)
  }

  /// The quantile of sorted values, with linear interpolation.
  package static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let position = share * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
  }
}
