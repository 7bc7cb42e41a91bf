/// The search for the threshold on the probability of class 1, for two classes.
///
/// The published evaluation of the AMD experiment searches on the test images, which is optimistic;
/// ``apply(_:to:)`` scores a threshold chosen elsewhere.
public struct ThresholdSweep: Sendable, Equatable, Codable {
  /// Images with at least this probability of class 1 are predicted as class 1.
  public let threshold: Double
  /// Unweighted Cohen's kappa at the threshold; nil if undefined, which counts as the worst.
  public let kappa: Double?
  /// F1 of class 1 at the threshold.
  public let f1: Double

  /// The threshold among the distinct probabilities that maximizes kappa + F1; the lowest in a tie.
  /// - Precondition: two classes.
  public static func best(on predictions: Predictions) -> ThresholdSweep {
    precondition(predictions.classCount == 2, "a threshold separates two classes")
    let curves = RankCurves(
      truth: predictions.labels.map { $0 == 1 }, scores: predictions.column(1))
    let total = predictions.count
    var best: ThresholdSweep?
    var bestSum = -Double.infinity
    for index in curves.thresholds.indices.reversed() {
      let candidate = ThresholdSweep(
        threshold: curves.thresholds[index], truePositives: curves.truePositives[index],
        falsePositives: curves.falsePositives[index], positives: curves.positives, total: total)
      let sum = candidate.kappa.map { $0 + candidate.f1 } ?? -.infinity
      guard best == nil || sum > bestSum else { continue }
      best = candidate
      bestSum = sum
    }
    return best!
  }

  /// Scores a threshold that was chosen elsewhere, for instance on the training images.
  public static func apply(_ threshold: Double, to predictions: Predictions) -> ThresholdSweep {
    precondition(predictions.classCount == 2, "a threshold separates two classes")
    let called = predictions.column(1).map { $0 >= threshold }
    let counts = BinaryCounts(truth: predictions.labels.map { $0 == 1 }, called: called)
    return ThresholdSweep(
      threshold: threshold, truePositives: counts.truePositives,
      falsePositives: counts.falsePositives,
      positives: counts.truePositives + counts.falseNegatives, total: predictions.count)
  }

  private init(
    threshold: Double, truePositives: Int, falsePositives: Int, positives: Int, total: Int
  ) {
    let falseNegatives = positives - truePositives
    let trueNegatives = total - positives - falsePositives
    let called = truePositives + falsePositives
    // In the order of ConfusionMatrix.kappa, without building the matrix for every threshold.
    let columns = [Double(total - called), Double(called)]
    let rows = [Double(total - positives), Double(positives)]
    let sum = columns[0] + columns[1]
    let observed = Double(falsePositives) + Double(falseNegatives)
    let expected = columns[0] * rows[1] / sum + columns[1] * rows[0] / sum
    precondition(trueNegatives >= 0)
    self.threshold = threshold
    kappa = expected == 0 ? nil : 1 - observed / expected
    let denominator = 2 * truePositives + falsePositives + falseNegatives
    f1 = denominator == 0 ? 0 : Double(2 * truePositives) / Double(denominator)
  }
}
