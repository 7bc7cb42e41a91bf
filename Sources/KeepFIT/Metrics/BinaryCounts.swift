/// One class against all others.
public struct BinaryCounts: Sendable, Equatable, Codable {
  /// Of the class and predicted so.
  public var truePositives = 0
  /// Not of the class but predicted so.
  public var falsePositives = 0
  /// Not of the class and not predicted so.
  public var trueNegatives = 0
  /// Of the class but not predicted so.
  public var falseNegatives = 0

  private enum CodingKeys: String, CodingKey {
    case truePositives = "tp"
    case falsePositives = "fp"
    case trueNegatives = "tn"
    case falseNegatives = "fn"
  }

  /// No image yet.
  public init() {}

  /// Counts from the truth and the prediction of each image.
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

  /// Recall, TP / (TP + FN); nil when the class never occurs.
  public var sensitivity: Double? { ratio(truePositives, positives) }
  /// TN / (TN + FP); nil when every image is of the class.
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

  /// The counts of two sets of images together.
  public static func + (first: BinaryCounts, second: BinaryCounts) -> BinaryCounts {
    var sum = first
    sum.truePositives += second.truePositives
    sum.falsePositives += second.falsePositives
    sum.trueNegatives += second.trueNegatives
    sum.falseNegatives += second.falseNegatives
    return sum
  }
}
