import FundusTensor

/// A 95 % confidence interval of a score: the percentile bootstrap over reports (Efron and Tibshirani, 1993).
public struct ScoreInterval: Sendable, Equatable {
  /// The lower limit.
  public let lower: Double
  /// The upper limit.
  public let upper: Double
}

extension ScoredReports {
  /// Intervals of the scores of all reports, by metric; without those that are undefined.
  ///
  /// They cover the uncertainty due to the choice of reports. Several images of one study count as independent
  /// here, which makes the intervals too narrow.
  /// - Parameters:
  ///   - resamples: the number of bootstrap resamples, at least 1.
  ///   - seed: the same seed gives the same intervals.
  public func intervals(resamples: Int, seed: UInt64) -> [CaptionMetric: ScoreInterval] {
    precondition(resamples > 0, "intervals need at least one resample")
    let stream = RandomStream(seed: seed).derived("report bootstrap")
    let draws = ThreadPool.map(resamples) { resample -> CaptionScores in
      var stream = stream.derived(UInt64(resample))
      return scores(of: pairs.indices.map { _ in stream.index(below: pairs.count) })
    }
    var intervals: [CaptionMetric: ScoreInterval] = [:]
    for metric in CaptionMetric.allCases {
      let values = draws.compactMap { $0[metric] }.sorted()
      guard !values.isEmpty else { continue }
      intervals[metric] = ScoreInterval(
        lower: ConfidenceInterval.quantile(0.025, of: values),
        upper: ConfidenceInterval.quantile(0.975, of: values))
    }
    return intervals
  }
}
