import FundusTensor

/// A range that holds a score with 95 % confidence: percentiles of the scores of reports drawn anew,
/// with replacement (Efron and Tibshirani, 1993).
public struct ScoreInterval: Sendable, Equatable {
  /// The lower end.
  public let lower: Double
  /// The upper end.
  public let upper: Double
}

extension ScoredReports {
  /// Intervals of the scores of all reports, by metric; without those that are undefined.
  ///
  /// They say how far scores may be from those on other reports of the same kind. Several images of one
  /// study count as independent here, which makes intervals too narrow.
  /// - Parameters:
  ///   - resamples: how often reports are drawn anew; at least 1.
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
