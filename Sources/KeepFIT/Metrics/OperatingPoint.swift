/// A threshold of the positive class's probability for a chosen specificity or sensitivity, and what
/// it reaches on the test images.
public struct OperatingPoint: Sendable, Codable, Equatable {
  /// What is chosen.
  public enum Criterion: String, Sendable, Codable {
    /// At least this specificity, and then the most sensitivity.
    case specificity
    /// At least this sensitivity, and then the most specificity.
    case sensitivity
  }

  /// Which images the threshold was chosen on.
  public enum Source: String, Sendable, Codable {
    /// Validation images.
    case validation
    /// The images that the classifier was fitted on: often too confident.
    case training
    /// The test images themselves, which is optimistic.
    case test
  }

  /// Sensitivities and specificities that are reported unless others are asked for.
  public static let targets = [0.90, 0.95]

  /// What is chosen.
  public let criterion: Criterion
  /// The specificity or sensitivity that the threshold reaches where it was chosen.
  public let target: Double
  /// Which images the threshold was chosen on.
  public let source: Source
  /// Images with at least this probability are predicted positive. Nil where no image may be, or, for
  /// several folds, where each has its own.
  public let threshold: Double?
  /// Test images by true class and by the threshold.
  public let counts: BinaryCounts

  /// On the test images; nil without images of the class.
  public var sensitivity: Double? { counts.sensitivity }
  /// On the test images; nil when every image is of the class.
  public var specificity: Double? { counts.specificity }

  /// Chooses on one set of images and applies to another; nil when one of the two kinds of images is
  /// absent where it is chosen.
  init?(
    _ criterion: Criterion, atLeast target: Double, on curves: RankCurves, source: Source,
    truth: [Bool], scores: [Double]
  ) {
    guard curves.positives > 0, curves.negatives > 0 else { return nil }
    let indices = curves.thresholds.indices
    // Small slack: 0.9 of 10 images is 9 of them, whatever the last bit says.
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

  /// The same point of several folds, each with its own threshold; nil unless all have it.
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

  /// Reads what ``encode(to:)`` wrote.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    criterion = try container.decode(Criterion.self, forKey: .criterion)
    target = try container.decode(Double.self, forKey: .target)
    source = try container.decode(Source.self, forKey: .source)
    threshold = try container.decodeIfPresent(Double.self, forKey: .threshold)
    counts = try container.decode(BinaryCounts.self, forKey: .counts)
  }

  /// Writes the point with what it reaches.
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
