/// The detection performance for one class, usually a disease, against all others: the object `positive`
/// of `results.json`.
public struct DetectionScores: Sendable, Codable, Equatable {
  /// The label of the positive class.
  public let positive: String
  /// Counts of test images by true class (positive or not) and predicted class (argmax).
  public let counts: BinaryCounts
  /// Area under the ROC curve of the positive class's probability; nil if there are no positive or no
  /// negative images.
  public let auc: Double?
  /// Average precision of the positive class's probability; nil without positive images.
  public let averagePrecision: Double?
  /// Operating points: thresholds for target sensitivities and specificities, with their test results.
  public let operatingPoints: [OperatingPoint]
  /// 95 % confidence intervals of `sensitivity`, `specificity`, `ppv`, `npv`, `auc` and `average_precision`.
  public var intervals: [String: ConfidenceInterval]

  /// The number of test images.
  public var count: Int { counts.positives + counts.negatives }
  /// Sensitivity, TP / (TP + FN); nil without images of the class.
  public var sensitivity: Double? { counts.sensitivity }
  /// Specificity, TN / (TN + FP); nil if every image is of the class.
  public var specificity: Double? { counts.specificity }

  /// The scores by their names in `results.json`, with a reason where one is undefined.
  public var values: [(name: String, value: Double?, reason: String)] {
    let oneSided = counts.positives == 0 ? "no image of the class" : "no image of another class"
    return [
      ("sensitivity", sensitivity, "no image of the class"),
      ("specificity", specificity, "no image of another class"),
      ("ppv", counts.precision, "the class is never predicted"),
      ("npv", counts.negativePredictiveValue, "only the class is predicted"),
      ("auc", auc, oneSided),
      ("average_precision", averagePrecision, "no image of the class"),
    ]
  }

  /// Scores one fold.
  /// - Parameters:
  ///   - predictions: predictions of the test images.
  ///   - positive: the positive class.
  ///   - name: its label.
  ///   - unseen: predictions of images other than the test images, to choose thresholds on, and their
  ///     source; without them thresholds are chosen on the test images, which is optimistic.
  ///   - targets: target sensitivities and specificities, 0 to 1.
  public init(
    _ predictions: Predictions, positive: Int, name: String,
    unseen: (source: OperatingPoint.Source, predictions: Predictions)? = nil,
    targets: [Double] = OperatingPoint.targets
  ) {
    let truth = predictions.labels.map { $0 == positive }
    let scores = predictions.column(positive)
    let curves = RankCurves(truth: truth, scores: scores)
    self.positive = name
    counts = BinaryCounts(truth: truth, called: predictions.predicted.map { $0 == positive })
    auc = curves.areaUnderROC
    averagePrecision = curves.averagePrecision
    let source = unseen?.source ?? .test
    let chosen = unseen.map {
      RankCurves(
        truth: $0.predictions.labels.map { $0 == positive },
        scores: $0.predictions.column(positive))
    }
    operatingPoints = [OperatingPoint.Criterion.specificity, .sensitivity].flatMap { criterion in
      targets.compactMap {
        OperatingPoint(
          criterion, atLeast: $0, on: chosen ?? curves, source: source, truth: truth, scores: scores
        )
      }
    }
    intervals = [:]
  }

  /// Scores over several folds: counts are added, areas are averaged; nil if undefined in a fold.
  public init?(folds: [DetectionScores]) {
    guard let first = folds.first else { return nil }
    positive = first.positive
    counts = folds.map(\.counts).reduce(BinaryCounts(), +)
    auc = PublishedArithmetic.mean(defined: folds.map(\.auc))
    averagePrecision = PublishedArithmetic.mean(defined: folds.map(\.averagePrecision))
    operatingPoints = first.operatingPoints.compactMap { point in
      OperatingPoint(
        folds: folds.compactMap { fold in
          fold.operatingPoints.first {
            $0.criterion == point.criterion && $0.target == point.target
              && $0.source == point.source
          }
        }, of: folds.count)
    }
    intervals = [:]
  }

  private enum CodingKeys: String, CodingKey {
    case counts, auc, intervals, undefined, sensitivity, specificity, ppv, npv
    case positive = "class"
    case count = "n"
    case positiveCount = "n_positive"
    case negativeCount = "n_negative"
    case averagePrecision = "average_precision"
    case operatingPoints = "operating_points"
  }

  /// Decodes the output of ``encode(to:)``.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    positive = try container.decode(String.self, forKey: .positive)
    counts = try container.decode(BinaryCounts.self, forKey: .counts)
    auc = try container.decodeIfPresent(Double.self, forKey: .auc)
    averagePrecision = try container.decodeIfPresent(Double.self, forKey: .averagePrecision)
    operatingPoints = try container.decode([OperatingPoint].self, forKey: .operatingPoints)
    intervals = try container.decode([String: ConfidenceInterval].self, forKey: .intervals)
  }

  /// Encodes scores and counts; an undefined score is null, with its reason under `undefined`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(positive, forKey: .positive)
    try container.encode(count, forKey: .count)
    try container.encode(counts.positives, forKey: .positiveCount)
    try container.encode(counts.negatives, forKey: .negativeCount)
    try container.encode(counts, forKey: .counts)
    try container.encode(sensitivity, forKey: .sensitivity)
    try container.encode(specificity, forKey: .specificity)
    try container.encode(counts.precision, forKey: .ppv)
    try container.encode(counts.negativePredictiveValue, forKey: .npv)
    try container.encode(auc, forKey: .auc)
    try container.encode(averagePrecision, forKey: .averagePrecision)
    try container.encode(operatingPoints, forKey: .operatingPoints)
    try container.encode(intervals, forKey: .intervals)
    let reasons = values.filter { $0.value == nil }.map { ($0.name, $0.reason) }
    try container.encode(Dictionary(uniqueKeysWithValues: reasons), forKey: .undefined)
  }
}
