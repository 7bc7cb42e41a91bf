import Foundation

/// 95 % confidence intervals of test scores, reported in addition to the published scores.
///
/// They cover the uncertainty due to the choice of test images for given classifiers; the effect of other
/// training images shows in the standard deviation over folds. Rows of one image or group count as one
/// observation. See ``ConfidenceInterval/Method`` for the methods, and `Docs/evidence.md` for their
/// coverage.
public enum Intervals {
  /// The scores with an interval.
  public static let names = ["aca", "auc_avg", "f1_avg", "accuracy", "kappa"]

  /// 95 % confidence intervals of ``names``, without undefined ones.
  /// - Parameters:
  ///   - tested: the predictions; scores are means over the folds.
  ///   - roles: whether the classes are ordinal, which determines kappa's weights.
  ///   - resamples: the number of simulated samples, each of which is scored.
  ///   - stream: the random stream. The same stream gives the same intervals.
  public static func of(
    _ tested: TestedFolds, roles: ClassRoles = ClassRoles(), resamples: Int = 1000,
    stream: RandomStream = RandomStream(seed: 0).derived("intervals")
  ) -> [String: ConfidenceInterval] {
    precondition(resamples > 1, "a simulation needs several samples")
    let classes = Set(tested.folds.flatMap(\.labels)).sorted()
    var result: [String: ConfidenceInterval] = [:]
    let predicted = tested.folds.map(\.predicted)

    func share(_ isIncluded: (Int, Int) -> Bool) -> (value: Double, count: Double) {
      var (hits, total) = (0, 0)
      for (fold, predictions) in tested.folds.enumerated() {
        for row in 0..<predictions.count where isIncluded(fold, row) {
          total += 1
          if predicted[fold][row] == predictions.labels[row] { hits += 1 }
        }
      }
      return (Double(hits) / Double(total), tested.effectiveCount(isIncluded))
    }
    let all = share { _, _ in true }
    result["accuracy"] = .wilson(all.value, count: all.count)
    result["aca"] = .mean(
      of: classes.map { label in
        let own = share { tested.folds[$0].labels[$1] == label }
        return (own.value, .wilson(own.value, count: own.count))
      }, method: .wilsonMean)
    if classes.count > 1 {
      result["auc_avg"] = area(
        tested, classes: classes, resamples: min(300, resamples), stream: stream.derived("auc"))
    }
    for (name, interval) in simulated(
      tested, predicted: predicted, classes: classes, roles: roles, resamples: resamples,
      stream: stream.derived("confusion"))
    {
      result[name] = interval
    }
    return result
  }

  // MARK: - Areas under ROC curves

  /// The mean of the classes' areas: Newcombe's interval of each, combined with correlations from a
  /// cluster bootstrap. With two classes both areas are equal, and so are the intervals.
  private static func area(
    _ tested: TestedFolds, classes: [Int], resamples: Int, stream: RandomStream
  ) -> ConfidenceInterval? {
    let curves = classes.map { label in tested.folds.map { WeightedArea($0, class: label) } }
    var parts: [(value: Double, interval: ConfidenceInterval)] = []
    for (index, label) in classes.enumerated() {
      let areas = curves[index].map { $0.area(weights: nil) }
      guard let value = PublishedArithmetic.mean(defined: areas) else { return nil }
      let positives = tested.effectiveCount { tested.folds[$0].labels[$1] == label }
      let negatives = tested.effectiveCount { tested.folds[$0].labels[$1] != label }
      parts.append((value, .newcombe(area: value, positives: positives, negatives: negatives)))
    }
    if tested.classCount == 2 { return parts[0].interval }
    let strata = tested.strata
    let draws = ThreadPool.map(resamples) { resample -> [Double]? in
      var stream = stream.derived(UInt64(resample))
      let times = tested.resampled(strata, &stream)
      let weights = tested.clusters.map { $0.map { times[$0] } }
      let areas = curves.map { folds in
        PublishedArithmetic.mean(
          defined: zip(folds, weights).map { $0.area(weights: $1) })
      }
      let defined = areas.compactMap { $0 }
      return defined.count == areas.count ? defined : nil
    }
    return .mean(
      of: parts, correlations: correlations(draws.compactMap { $0 }, count: classes.count),
      method: .newcombeMean)
  }

  /// Correlations of the columns; 1, the conservative choice, if one of two columns is constant.
  private static func correlations(_ rows: [[Double]], count: Int) -> [[Double]] {
    guard rows.count > 1 else {
      return [[Double]](repeating: [Double](repeating: 1, count: count), count: count)
    }
    let columns = (0..<count).map { column in
      let values = rows.map { $0[column] }
      let mean = PublishedArithmetic.mean(values)
      return values.map { $0 - mean }
    }
    let norms = columns.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    return (0..<count).map { row in
      (0..<count).map { column in
        let norm = norms[row] * norms[column]
        guard row != column, norm > 1e-12 else { return 1 }
        return zip(columns[row], columns[column]).reduce(0) { $0 + $1.0 * $1.1 } / norm
      }
    }
  }

  // MARK: - Scores of the confusion matrix

  /// Macro F1 and kappa by simulation: the proportions of predicted classes for each true class are sampled
  /// from their posterior, with a fixed number of images. The prior has the weight of one image, spread over
  /// the classes; for two classes this is Jeffreys' prior.
  private static func simulated(
    _ tested: TestedFolds, predicted: [[Int]], classes: [Int], roles: ClassRoles, resamples: Int,
    stream: RandomStream
  ) -> [String: ConfidenceInterval] {
    let count = tested.classCount
    var counts = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    for (fold, predictions) in tested.folds.enumerated() {
      for (row, label) in predictions.labels.enumerated() {
        counts[label][predicted[fold][row]] += 1
      }
    }
    let shrinkage = classes.map { label in
      tested.effectiveCount { tested.folds[$0].labels[$1] == label } / counts[label].reduce(0, +)
    }
    let weights = roles.areOrdered ? KappaWeights.quadratic : .none
    let f1 = macroF1(counts, classes: classes)
    let kappa = kappa(counts, weights: weights)
    let draws = ThreadPool.map(resamples) { [counts] resample -> (f1: Double, kappa: Double?) in
      var stream = stream.derived(UInt64(resample))
      var drawn = counts
      for (index, label) in classes.enumerated() {
        let shares = Self.dirichlet(
          counts[label].map { $0 * shrinkage[index] + 1 / Double(count) }, &stream)
        let total = counts[label].reduce(0, +)
        drawn[label] = shares.map { $0 * total }
      }
      return (macroF1(drawn, classes: classes), Self.kappa(drawn, weights: weights))
    }
    var result: [String: ConfidenceInterval] = [
      "f1_avg": .percentile(draws.map(\.f1), around: f1, method: .dirichlet)
    ]
    if let kappa, classes.count > 1 {
      result["kappa"] = .percentile(
        draws.compactMap(\.kappa), around: kappa, method: .dirichlet)
    }
    return result
  }

  private static func macroF1(_ counts: [[Double]], classes: [Int]) -> Double {
    let sum = classes.reduce(0.0) { sum, label in
      let own = counts[label].reduce(0, +)
      let called = counts.reduce(0) { $0 + $1[label] }
      return sum + (own + called > 0 ? 2 * counts[label][label] / (own + called) : 0)
    }
    return sum / Double(classes.count)
  }

  private static func kappa(_ counts: [[Double]], weights: KappaWeights) -> Double? {
    let rows = counts.map { $0.reduce(0, +) }
    let columns = counts.indices.map { column in counts.reduce(0) { $0 + $1[column] } }
    let total = rows.reduce(0, +)
    var (observed, expected) = (0.0, 0.0)
    for row in counts.indices {
      for column in counts.indices where row != column {
        let weight = weights == .quadratic ? Double((row - column) * (row - column)) : 1
        observed += weight * counts[row][column]
        expected += weight * rows[row] * columns[column] / total
      }
    }
    return expected > 0 ? 1 - observed / expected : nil
  }

  /// A sample from the Dirichlet distribution.
  private static func dirichlet(_ alpha: [Double], _ stream: inout RandomStream) -> [Double] {
    let draws = alpha.map { gamma($0, &stream) }
    let sum = draws.reduce(0, +)
    return sum > 0 ? draws.map { $0 / sum } : draws.map { _ in 1 / Double(draws.count) }
  }

  /// A sample from the gamma distribution (Marsaglia and Tsang, 2000).
  private static func gamma(_ shape: Double, _ stream: inout RandomStream) -> Double {
    func uniform() -> Double { (Double(stream.next() >> 11) + 0.5) * 0x1p-53 }
    if shape < 1 { return gamma(shape + 1, &stream) * pow(uniform(), 1 / shape) }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = Double(stream.normal())
      let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
      guard v > 0 else { continue }
      if log(uniform()) < x * x / 2 + d * (1 - v + log(v)) { return d * v }
    }
  }
}

/// Weighted areas under a ROC curve: sorted once, evaluated many times.
struct WeightedArea: Sendable {
  /// The rows in descending order of score.
  private let order: [Int]
  private let isPositive: [Bool]
  /// Whether the row after this one has a lower score.
  private let endsTie: [Bool]

  init(_ predictions: Predictions, class label: Int) {
    let scores = predictions.column(label)
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    self.order = order
    isPositive = order.map { predictions.labels[$0] == label }
    endsTie = order.indices.map {
      $0 + 1 == order.count || scores[order[$0 + 1]] != scores[order[$0]]
    }
  }

  /// The probability that a positive row outranks a negative one, ties counted half; nil if there are no
  /// positive or no negative rows.
  /// - `weights`: the weight of each row; nil for 1.
  func area(weights: [Int]?) -> Double? {
    var (above, tied, tiedOthers, positives, negatives) = (0, 0, 0, 0, 0)
    var area = 0.0
    for (rank, row) in order.enumerated() {
      let weight = weights?[row] ?? 1
      if isPositive[rank] { tied += weight } else { tiedOthers += weight }
      guard endsTie[rank] else { continue }
      area += Double(tiedOthers) * (Double(above) + Double(tied) / 2)
      above += tied
      positives += tied
      negatives += tiedOthers
      (tied, tiedOthers) = (0, 0)
    }
    return positives > 0 && negatives > 0 ? area / (Double(positives) * Double(negatives)) : nil
  }
}
