/// How well one class, usually a disease, is told from all others: the object `positive` of
/// `results.json`.
public struct DetectionScores: Sendable, Codable, Equatable {
  /// The label of the positive class.
  public let positive: String
  /// Test images by true class (positive or not) and predicted class, at the highest probability.
  public let counts: BinaryCounts
  /// Area under the ROC curve of the positive class's probability; nil when one side has no image.
  public let auc: Double?
  /// Average precision of the positive class's probability; nil when it has no image.
  public let averagePrecision: Double?
  /// Thresholds for chosen sensitivities and specificities, and what they reach.
  public let operatingPoints: [OperatingPoint]
  /// 95 % intervals of `sensitivity`, `specificity`, `ppv`, `npv`, `auc` and `average_precision`.
  public var intervals: [String: ConfidenceInterval]

  /// Test images.
  public var count: Int { counts.positives + counts.negatives }
  /// TP / (TP + FN); nil without images of the class.
  public var sensitivity: Double? { counts.sensitivity }
  /// TN / (TN + FP); nil when every image is of the class.
  public var specificity: Double? { counts.specificity }

  /// The scores by the names that `results.json` gives them, with a reason where one is undefined.
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
  ///   - predictions: of the test images.
  ///   - positive: the class.
  ///   - name: its label.
  ///   - unseen: predictions of images that are not tested, to choose thresholds on, and what they
  ///     are; without them thresholds come from the test images, which is optimistic.
  ///   - targets: sensitivities and specificities to reach, 0 to 1.
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

  /// Folds together: counts are added, areas are means over the folds; nil where a fold has none.
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

  /// Reads what ``encode(to:)`` wrote.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    positive = try container.decode(String.self, forKey: .positive)
    counts = try container.decode(BinaryCounts.self, forKey: .counts)
    auc = try container.decodeIfPresent(Double.self, forKey: .auc)
    averagePrecision = try container.decodeIfPresent(Double.self, forKey: .averagePrecision)
    operatingPoints = try container.decode([OperatingPoint].self, forKey: .operatingPoints)
    intervals = try container.decode([String: ConfidenceInterval].self, forKey: .intervals)
  }

  /// Writes scores and counts; an undefined score is null, with its reason under `undefined`.
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
