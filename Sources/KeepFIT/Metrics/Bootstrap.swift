/// A range that holds a score with 95 % confidence.
public struct ConfidenceInterval: Sendable, Codable, Equatable {
  /// The lower end.
  public let lower: Double
  /// The upper end.
  public let upper: Double
}

/// Percentile bootstrap over test pictures (Efron and Tibshirani, 1993), within classes so that
/// every resample has every class.
///
/// Beside the published scores, never in place of them.
public enum Bootstrap {
  /// Scores that come with an interval, each computed as published but not rounded.
  public static let names = ["aca", "auc_avg", "f1_avg", "accuracy", "kappa"]

  /// 95 % intervals of ``names``.
  /// - Parameters:
  ///   - predictions: of the test pictures.
  ///   - resamples: how many sets are drawn; the cost is that many scorings.
  ///   - stream: where the draws come from. The same stream gives the same intervals.
  public static func intervals(
    _ predictions: Predictions, resamples: Int = 1000,
    stream: RandomStream = RandomStream(seed: 0).derived("bootstrap")
  ) -> [String: ConfidenceInterval] {
    precondition(resamples > 1, "a bootstrap needs several resamples")
    let groups = Dictionary(grouping: predictions.labels.indices) { predictions.labels[$0] }
      .sorted { $0.key < $1.key }.map(\.value)
    let drawn = ThreadPool.map(resamples) { resample in
      var stream = stream.derived(UInt64(resample))
      var positions: [Int] = []
      positions.reserveCapacity(predictions.count)
      for group in groups {
        for _ in group { positions.append(group[stream.index(below: group.count)]) }
      }
      return scores(predictions.selecting(positions))
    }
    var result: [String: ConfidenceInterval] = [:]
    for (index, name) in names.enumerated() {
      let values = drawn.map { $0[index] }.filter(\.isFinite).sorted()
      guard !values.isEmpty else { continue }
      result[name] = ConfidenceInterval(
        lower: quantile(0.025, of: values), upper: quantile(0.975, of: values))
    }
    return result
  }

  /// The band that holds each point of a class's ROC curve with 95 % confidence.
  /// - Returns: at false positive rates 0, 1/steps … 1, the lower and upper true positive rate.
  public static func rocBand(
    _ predictions: Predictions, class label: Int, steps: Int = 50, resamples: Int = 500,
    stream: RandomStream = RandomStream(seed: 0).derived("roc band")
  ) -> [ConfidenceInterval] {
    band(predictions, class: label, steps: steps, resamples: resamples, stream: stream) {
      let curve = $0.roc
      return { height(of: curve, at: $0) }
    }
  }

  /// The band that holds each point of a class's precision-recall curve with 95 % confidence.
  /// - Returns: at recalls 0, 1/steps … 1, the lower and upper precision.
  public static func precisionRecallBand(
    _ predictions: Predictions, class label: Int, steps: Int = 50, resamples: Int = 500,
    stream: RandomStream = RandomStream(seed: 0).derived("precision band")
  ) -> [ConfidenceInterval] {
    band(predictions, class: label, steps: steps, resamples: resamples, stream: stream) {
      let curve = $0.precisionRecall.dropFirst()
      // What has to be accepted to find that share.
      return { recall in curve.first { $0.x >= recall - 1e-12 }?.y ?? 0 }
    }
  }

  /// Draws pictures of the class and others anew, and takes a curve's heights at 0, 1/steps … 1.
  private static func band(
    _ predictions: Predictions, class label: Int, steps: Int, resamples: Int, stream: RandomStream,
    curve: @Sendable (RankCurves) -> (Double) -> Double
  ) -> [ConfidenceInterval] {
    let truth = predictions.labels.map { $0 == label }
    let scores = predictions.column(label)
    let positives = truth.indices.filter { truth[$0] }
    let negatives = truth.indices.filter { !truth[$0] }
    guard !positives.isEmpty, !negatives.isEmpty else { return [] }
    let drawn = ThreadPool.map(resamples) { resample in
      var stream = stream.derived(UInt64(resample))
      let drawnPositives = positives.map { _ in positives[stream.index(below: positives.count)] }
      let drawnNegatives = negatives.map { _ in negatives[stream.index(below: negatives.count)] }
      let height = curve(
        RankCurves(
          truth: drawnPositives.map { _ in true } + drawnNegatives.map { _ in false },
          scores: (drawnPositives + drawnNegatives).map { scores[$0] }))
      return (0...steps).map { height(Double($0) / Double(steps)) }
    }
    return (0...steps).map { step in
      let values = drawn.map { $0[step] }.sorted()
      return ConfidenceInterval(
        lower: quantile(0.025, of: values), upper: quantile(0.975, of: values))
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

  private static func scores(_ predictions: Predictions) -> [Double] {
    let predicted = predictions.predicted
    let classes = Set(predictions.labels).sorted()
    let confusion = ConfusionMatrix(
      truth: predictions.labels, predicted: predicted,
      classes: Array(0..<predictions.classCount))
    var accuracies: [Double] = []
    var areas: [Double] = []
    var f1: [Double] = []
    for label in classes {
      let truth = predictions.labels.map { $0 == label }
      let counts = BinaryCounts(truth: truth, called: predicted.map { $0 == label })
      accuracies.append(counts.sensitivity)
      f1.append(counts.f1)
      areas.append(RankCurves(truth: truth, scores: predictions.column(label)).areaUnderROC)
    }
    let hits = zip(predictions.labels, predicted).count { $0 == $1 }
    return [
      PublishedArithmetic.mean(accuracies), PublishedArithmetic.mean(areas),
      PublishedArithmetic.mean(f1), Double(hits) / Double(predictions.count),
      confusion.kappa(quadratic: true),
    ]
  }

  /// The quantile of sorted values, on the line between neighbours.
  static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let position = share * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
  }
}
