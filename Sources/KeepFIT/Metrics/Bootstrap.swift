/// Confidence bands of curves: percentile bootstrap over images or groups, stratified by class so that
/// every resample contains every class (Efron and Tibshirani, 1993).
///
/// If a curve is perfect, so are all resamples, and the bootstrap interval has no width; therefore no band
/// is narrower than Wilson's interval at that point.
public enum Bootstrap {
  /// The pointwise 95 % confidence band of a class's ROC curve.
  /// - Returns: at false positive rates 0, 1/steps … 1, the lower and upper true positive rate; empty
  ///   when one of the two kinds of images is absent.
  public static func rocBand(
    _ tested: TestedFolds, class label: Int, steps: Int = 50, resamples: Int = 500,
    stream: RandomStream = RandomStream(seed: 0).derived("roc band")
  ) -> [ConfidenceInterval] {
    let pool = Pool(tested, class: label)
    let positives = tested.effectiveCount { tested.folds[$0].labels[$1] == label }
    return band(tested, pool, steps: steps, resamples: resamples, stream: stream) { curves in
      let curve = curves.roc
      return { (height(of: curve, at: $0), positives) }
    }
  }

  /// The pointwise 95 % confidence band of a class's precision-recall curve.
  /// - Returns: at recalls 0, 1/steps … 1, the lower and upper precision; empty when one of the two
  ///   kinds of images is absent.
  public static func precisionRecallBand(
    _ tested: TestedFolds, class label: Int, steps: Int = 50, resamples: Int = 500,
    stream: RandomStream = RandomStream(seed: 0).derived("precision band")
  ) -> [ConfidenceInterval] {
    let pool = Pool(tested, class: label)
    // An image that is tested in several folds counts once.
    let once = tested.effectiveCount { _, _ in true } / Double(pool.truth.count)
    return band(tested, pool, steps: steps, resamples: resamples, stream: stream) { curves in
      let points = Array(curves.precisionRecall.dropFirst())
      let called = zip(curves.truePositives, curves.falsePositives).map { Double($0 + $1) }
      // The threshold that reaches this recall.
      return { recall in
        guard let index = points.firstIndex(where: { $0.x >= recall - 1e-12 }) else {
          return (0, 1)
        }
        return (points[index].y, max(1, called[index] * once))
      }
    }
  }

  /// The rows of all folds, one class against the others.
  private struct Pool: Sendable {
    var truth: [Bool] = []
    var scores: [Double] = []
    var clusters: [Int] = []

    init(_ tested: TestedFolds, class label: Int) {
      for (fold, predictions) in tested.folds.enumerated() {
        truth += predictions.labels.map { $0 == label }
        scores += predictions.column(label)
        clusters += tested.clusters[fold]
      }
    }
  }

  /// Resamples clusters, and evaluates a curve at 0, 1/steps … 1.
  /// - `curve`: returns the height at a position, and the number of observations behind it.
  private static func band(
    _ tested: TestedFolds, _ pool: Pool, steps: Int, resamples: Int, stream: RandomStream,
    curve: @Sendable (RankCurves) -> (Double) -> (height: Double, count: Double)
  ) -> [ConfidenceInterval] {
    guard pool.truth.contains(true), pool.truth.contains(false) else { return [] }
    let strata = tested.strata
    let places = (0...steps).map { Double($0) / Double(steps) }
    let drawn = ThreadPool.map(resamples) { resample -> [Double]? in
      var stream = stream.derived(UInt64(resample))
      let times = tested.resampled(strata, &stream)
      let rows = pool.truth.indices.flatMap { row in
        repeatElement(row, count: times[pool.clusters[row]])
      }
      let curves = RankCurves(
        truth: rows.map { pool.truth[$0] }, scores: rows.map { pool.scores[$0] })
      // With groups of several classes, a resample may lack positive or negative images.
      guard curves.positives > 0, curves.negatives > 0 else { return nil }
      let height = curve(curves)
      return places.map { height($0).height }
    }
    let measured = curve(RankCurves(truth: pool.truth, scores: pool.scores))
    return places.enumerated().map { step, place in
      let (height, count) = measured(place)
      let wilson = ConfidenceInterval.wilson(height, count: count)
      let draws = drawn.compactMap { $0?[step] }
      guard !draws.isEmpty else { return wilson }
      let percentile = ConfidenceInterval.percentile(
        draws, around: height, method: .bootstrapWilson)
      return ConfidenceInterval(
        lower: min(percentile.lower, wilson.lower), upper: max(percentile.upper, wilson.upper),
        method: .bootstrapWilson)
    }
  }

  /// The highest true positive rate that a ROC curve reaches at a false positive rate, on the line
  /// between its points.
  static func height(of curve: [CurvePoint], at rate: Double) -> Double {
    var best = 0.0
    for (first, second) in zip(curve, curve.dropFirst()) where rate >= first.x {
      if rate >= second.x {
        best = max(best, second.y)
      } else {
        let share = (rate - first.x) / (second.x - first.x)
        best = max(best, first.y + share * (second.y - first.y))
      }
    }
    return best
  }
}
