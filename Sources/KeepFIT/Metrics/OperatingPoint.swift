/// A threshold on the positive class's probability for a target specificity or sensitivity, and its results
/// on the test images.
public struct OperatingPoint: Sendable, Codable, Equatable {
  /// The target quantity.
  public enum Criterion: String, Sendable, Codable {
    /// At least this specificity, with maximum sensitivity.
    case specificity
    /// At least this sensitivity, with maximum specificity.
    case sensitivity
  }

  /// The images on which the threshold was chosen.
  public enum Source: String, Sendable, Codable {
    /// Validation images.
    case validation
    /// The training images, on which the classifier is often overconfident.
    case training
    /// The test images, which is optimistic.
    case test
  }

  /// The default target sensitivities and specificities.
  public static let targets = [0.90, 0.95]

  /// The target quantity.
  public let criterion: Criterion
  /// The target specificity or sensitivity, on the images on which the threshold was chosen.
  public let target: Double
  /// The images on which the threshold was chosen.
  public let source: Source
  /// Images with at least this probability are predicted positive. Nil if no image is, or, for several
  /// folds, if each fold has its own threshold.
  public let threshold: Double?
  /// Counts of test images by true class and by the threshold.
  public let counts: BinaryCounts

  /// The sensitivity on the test images; nil without images of the class.
  public var sensitivity: Double? { counts.sensitivity }
  /// The specificity on the test images; nil if every image is of the class.
  public var specificity: Double? { counts.specificity }

  /// Chooses a threshold on one set of images and applies it to another; nil if the first set lacks positive
  /// or negative images.
  init?(
    _ criterion: Criterion, atLeast target: Double, on curves: RankCurves, source: Source,
    truth: [Bool], scores: [Double]
  ) {
    guard curves.positives > 0, curves.negatives > 0 else { return nil }
    let indices = curves.thresholds.indices
    // Tolerance for rounding: 0.9 of 10 images must be 9.
    let slack = 1e-12
    let chosen: Int? =
      switch criterion {
      case .specificity:
        indices.last {
          1 - Double(curves.falsePositives[$0]) / Double(curves.negatives) >= target - slack
        }
      case .sensitivity:
        indices.first {
          Double(curves.truePositives[$0]) / Double(curves.positives) >= target - slack
        }
      }
    self.criterion = criterion
    self.target = target
    self.source = source
    threshold = chosen.map { curves.thresholds[$0] }
    let limit = threshold ?? .infinity
    counts = BinaryCounts(truth: truth, called: scores.map { $0 >= limit })
  }

  /// The same operating point over several folds, each with its own threshold; nil unless all folds have it.
  init?(folds: [OperatingPoint], of foldCount: Int) {
    guard let first = folds.first, folds.count == foldCount else { return nil }
    criterion = first.criterion
    target = first.target
    source = first.source
    threshold = folds.count == 1 ? first.threshold : nil
    counts = folds.map(\.counts).reduce(BinaryCounts(), +)
  }

  private enum CodingKeys: String, CodingKey {
    case criterion, threshold, counts, sensitivity, specificity
    case target = "at_least"
    case source = "threshold_from"
  }

  /// Decodes the output of ``encode(to:)``.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    criterion = try container.decode(Criterion.self, forKey: .criterion)
    target = try container.decode(Double.self, forKey: .target)
    source = try container.decode(Source.self, forKey: .source)
    threshold = try container.decodeIfPresent(Double.self, forKey: .threshold)
    counts = try container.decode(BinaryCounts.self, forKey: .counts)
  }

  /// Encodes the operating point with its results.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(criterion, forKey: .criterion)
    try container.encode(target, forKey: .target)
    try container.encode(source, forKey: .source)
    try container.encode(threshold, forKey: .threshold)
    try container.encode(counts, forKey: .counts)
    try container.encode(sensitivity, forKey: .sensitivity)
    try container.encode(specificity, forKey: .specificity)
  }
}
