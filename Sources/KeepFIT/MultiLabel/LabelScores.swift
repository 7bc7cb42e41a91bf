/// The performance for one label of several per image: an entry of `labels` in `results.json`.
public struct LabelScores: Sendable, Codable, Equatable {
  /// The label.
  public let label: String
  /// Counts of test images by whether the label applies and whether it is predicted at the threshold.
  public let counts: BinaryCounts
  /// Area under the ROC curve; nil if the label applies to none or to all images.
  public let auc: Double?
  /// Average precision; nil if the label applies to no image.
  public let averagePrecision: Double?
  /// The threshold on the probability.
  public let threshold: Double?
  /// 95 % confidence intervals of `auc`, `average_precision`, `sensitivity`, `specificity` and `ppv`.
  public var intervals: [String: ConfidenceInterval] = [:]

  /// The number of images.
  public var count: Int { counts.positives + counts.negatives }
  /// The fraction of images that the label applies to.
  public var prevalence: Double { Double(counts.positives) / Double(max(1, count)) }

  /// Scores one fold.
  /// - Parameters:
  ///   - label: the label.
  ///   - truth: whether it applies to each image.
  ///   - probabilities: its probability for each image.
  ///   - threshold: the probability from which it is predicted.
  public init(label: String, truth: [Bool], probabilities: [Double], threshold: Double) {
    self.label = label
    self.threshold = threshold
    counts = BinaryCounts(truth: truth, called: probabilities.map { $0 >= threshold })
    let curves = RankCurves(truth: truth, scores: probabilities)
    auc = curves.areaUnderROC
    averagePrecision = curves.averagePrecision
  }

  /// Scores over several folds: counts are added, areas are averaged; nil without folds.
  init?(folds: [LabelScores]) {
    guard let first = folds.first else { return nil }
    label = first.label
    counts = folds.map(\.counts).reduce(BinaryCounts(), +)
    auc = PublishedArithmetic.mean(defined: folds.map(\.auc))
    averagePrecision = PublishedArithmetic.mean(defined: folds.map(\.averagePrecision))
    threshold = folds.count == 1 ? first.threshold : nil
  }

  /// The threshold that maximizes F1; the lowest in a tie. 0.5 if the label applies to no image.
  public static func bestThreshold(truth: [Bool], probabilities: [Double]) -> Double {
    let curves = RankCurves(truth: truth, scores: probabilities)
    guard curves.positives > 0 else { return 0.5 }
    func f1(_ index: Int) -> Double {
      let called = curves.truePositives[index] + curves.falsePositives[index]
      return 2 * Double(curves.truePositives[index]) / Double(called + curves.positives)
    }
    let best = curves.thresholds.indices.max { f1($0) < f1($1) || (f1($0) == f1($1) && $0 < $1) }
    return best.map { curves.thresholds[$0] } ?? 0.5
  }

  /// Adds the confidence intervals.
  /// - `names`: the image or group of each test image of each fold, so that each counts once.
  mutating func addIntervals(truth: [[Bool]], names: [[String]]) {
    func effective(_ wanted: (Bool) -> Bool) -> Double {
      var sizes: [String: Int] = [:]
      for (truth, names) in zip(truth, names) {
        for (isTrue, name) in zip(truth, names) where wanted(isTrue) {
          sizes[name, default: 0] += 1
        }
      }
      return TestedFolds.effectiveCount(ofClusters: sizes.values)
    }
    let (positives, negatives) = (effective { $0 }, effective { !$0 })
    guard positives > 0 else { return }
    let once = (positives + negatives) / Double(max(1, count))
    if let auc, negatives > 0 {
      intervals["auc"] = .newcombe(area: auc, positives: positives, negatives: negatives)
    }
    if let averagePrecision {
      intervals["average_precision"] = .wilson(
        averagePrecision, count: positives, method: .wilsonPositives)
    }
    if let value = counts.sensitivity {
      intervals["sensitivity"] = .wilson(value, count: positives)
    }
    if let value = counts.specificity, negatives > 0 {
      intervals["specificity"] = .wilson(value, count: negatives)
    }
    let called = Double(counts.truePositives + counts.falsePositives) * once
    if let value = counts.precision, called > 0 {
      intervals["ppv"] = .wilson(value, count: max(1, called))
    }
  }

  private enum CodingKeys: String, CodingKey {
    case label, counts, auc, threshold, intervals, prevalence, sensitivity, specificity, ppv, npv,
      f1
    case averagePrecision = "average_precision"
    case count = "n"
    case positiveCount = "n_positive"
  }

  /// Decodes the output of ``encode(to:)``.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    label = try container.decode(String.self, forKey: .label)
    counts = try container.decode(BinaryCounts.self, forKey: .counts)
    auc = try container.decodeIfPresent(Double.self, forKey: .auc)
    averagePrecision = try container.decodeIfPresent(Double.self, forKey: .averagePrecision)
    threshold = try container.decodeIfPresent(Double.self, forKey: .threshold)
    intervals = try container.decode([String: ConfidenceInterval].self, forKey: .intervals)
  }

  /// Encodes scores and counts; undefined scores are null.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(label, forKey: .label)
    try container.encode(count, forKey: .count)
    try container.encode(counts.positives, forKey: .positiveCount)
    try container.encode(prevalence, forKey: .prevalence)
    try container.encode(auc, forKey: .auc)
    try container.encode(averagePrecision, forKey: .averagePrecision)
    try container.encode(threshold, forKey: .threshold)
    try container.encode(counts.sensitivity, forKey: .sensitivity)
    try container.encode(counts.specificity, forKey: .specificity)
    try container.encode(counts.precision, forKey: .ppv)
    try container.encode(counts.negativePredictiveValue, forKey: .npv)
    try container.encode(counts.f1, forKey: .f1)
    try container.encode(counts, forKey: .counts)
    try container.encode(intervals, forKey: .intervals)
  }
}
