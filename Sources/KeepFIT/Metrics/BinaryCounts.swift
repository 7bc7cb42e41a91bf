/// Counts of a binary decision: one class against all others.
public struct BinaryCounts: Sendable, Equatable, Codable {
  /// Images of the class, predicted as the class.
  public var truePositives = 0
  /// Images of other classes, predicted as the class.
  public var falsePositives = 0
  /// Images of other classes, not predicted as the class.
  public var trueNegatives = 0
  /// Images of the class, not predicted as the class.
  public var falseNegatives = 0

  private enum CodingKeys: String, CodingKey {
    case truePositives = "tp"
    case falsePositives = "fp"
    case trueNegatives = "tn"
    case falseNegatives = "fn"
  }

  /// Counts of zero.
  public init() {}

  /// Counts from the true and predicted label of each image.
  public init(truth: some Sequence<Bool>, called: some Sequence<Bool>) {
    for (isTrue, isCalled) in zip(truth, called) {
      switch (isTrue, isCalled) {
      case (true, true): truePositives += 1
      case (false, true): falsePositives += 1
      case (false, false): trueNegatives += 1
      case (true, false): falseNegatives += 1
      }
    }
  }

  /// The images of the class.
  public var positives: Int { truePositives + falseNegatives }
  /// The other images.
  public var negatives: Int { trueNegatives + falsePositives }

  /// Recall, TP / (TP + FN); nil if there is no image of the class.
  public var sensitivity: Double? { ratio(truePositives, positives) }
  /// Specificity, TN / (TN + FP); nil if every image is of the class.
  public var specificity: Double? { ratio(trueNegatives, negatives) }
  /// Positive predictive value, TP / (TP + FP); nil when the class is never predicted.
  public var precision: Double? { ratio(truePositives, truePositives + falsePositives) }
  /// Negative predictive value, TN / (TN + FN); nil when only the class is predicted.
  public var negativePredictiveValue: Double? {
    ratio(trueNegatives, trueNegatives + falseNegatives)
  }
  /// The harmonic mean of precision and recall, 2TP / (2TP + FP + FN); 0 when the class neither occurs
  /// nor is predicted, as published.
  public var f1: Double {
    ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) ?? 0
  }

  private func ratio(_ part: Int, _ whole: Int) -> Double? {
    whole == 0 ? nil : Double(part) / Double(whole)
  }

  /// The sum of two counts.
  public static func + (first: BinaryCounts, second: BinaryCounts) -> BinaryCounts {
    var sum = first
    sum.truePositives += second.truePositives
    sum.falsePositives += second.falsePositives
    sum.trueNegatives += second.trueNegatives
    sum.falseNegatives += second.falseNegatives
    return sum
  }
}
