import Foundation

/// The results of an experiment with several labels per image, as written to `results.json`: `experiment`,
/// `multi_label` (true), `notes`, `skipped` and `results`, a list with an entry for each configuration. With a
/// single one, its members are repeated at the top level.
public struct MultiLabelReport: Sendable {
  /// The experiment's name.
  public var experiment: String
  /// The results of each method.
  public var results: [MultiLabelResult]
  /// Notes on the data and the options, one sentence each.
  public var notes: [String]
  /// Images that were left out because they could not be used.
  public var skipped: [TransferReport.SkippedImage]
  /// Paired comparisons of the methods.
  public var comparisons: [PairedComparison] = []

  /// The text of `results.json`.
  public func json(pretty: Bool) throws -> String { try JSONText.encode(self, pretty: pretty) }

  /// Writes `results.json`.
  /// - Throws: `CheckpointError` when the file exists and `force` is off, or cannot be written.
  public func write(to directory: URL, force: Bool) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try AtomicFile.write(
      try json(pretty: true) + "\n", to: directory.appendingPathComponent("results.json"),
      force: force)
  }
}

extension MultiLabelReport: Codable {
  private enum CodingKeys: String, CodingKey {
    case experiment, results, notes, skipped, comparisons
    case isMultiLabel = "multi_label"
  }

  /// Decodes the output of ``encode(to:)``.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    experiment = try values.decode(String.self, forKey: .experiment)
    results = try values.decode([MultiLabelResult].self, forKey: .results)
    notes = try values.decode([String].self, forKey: .notes)
    skipped = try values.decode([TransferReport.SkippedImage].self, forKey: .skipped)
    comparisons =
      try values.decodeIfPresent([PairedComparison].self, forKey: .comparisons) ?? []
  }

  /// Encodes the list of results, and a single one at the top level as well.
  public func encode(to encoder: any Encoder) throws {
    if results.count == 1 { try results[0].encode(to: encoder) }
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(experiment, forKey: .experiment)
    try values.encode(true, forKey: .isMultiLabel)
    try values.encode(notes, forKey: .notes)
    try values.encode(skipped, forKey: .skipped)
    try values.encode(results, forKey: .results)
    try values.encode(comparisons, forKey: .comparisons)
  }
}

/// The results of a method on an experiment with several labels per image.
public struct MultiLabelResult: Sendable, Codable {
  /// The results of a fold.
  public struct Fold: Sendable, Codable {
    /// The fold's number, which is its seed.
    public var fold: Int
    /// The scores by name: `auc_class`, `auc_macro`, `average_precision_class`, `average_precision_macro`,
    /// `f1_class`, `f1_macro`, `f1_micro`, `sensitivity_macro`, `specificity_macro` and `exact_match`.
    public var metrics: [String: MetricValue]
    /// The paths of the test images.
    public var testImages: [String]
    /// Their true labels, `[N, K]`, 1 where a label applies.
    public var labels: [[Int]]
    /// The predicted probabilities, `[N, K]`.
    public var probabilities: [[Float]]
    /// The probability from which each label is predicted, `[K]`.
    public var thresholds: [Double]
    /// The source of the thresholds: `validation`, or `fixed` for 0.5.
    public var thresholdSource: ThresholdSource
    /// The fitted temperature; nil for none.
    public var temperature: Double?
    /// The number of training and validation images.
    public var trainingCount: Int, validationCount: Int
    /// The group of each test image, if groups were requested.
    public var groups: [String]?
    /// The results on external test sets by name; nil for none.
    public var external: [String: External]? = nil

    private enum CodingKeys: String, CodingKey {
      case fold, metrics, labels, probabilities, thresholds, temperature, groups, external
      case testImages = "test_images"
      case thresholdSource = "threshold_from"
      case trainingCount = "training_count"
      case validationCount = "validation_count"
    }

    var clusterNames: [String] { groups ?? testImages }

    /// Whether a label applies to each test image.
    func truth(_ label: Int) -> [Bool] { labels.map { $0[label] == 1 } }
    /// The probability of a label for each test image.
    func column(_ label: Int) -> [Double] { probabilities.map { Double($0[label]) } }
  }

  /// The source of thresholds.
  public enum ThresholdSource: String, Sendable, Codable {
    /// They maximize F1 on validation images.
    case validation
    /// There are no validation images: 0.5.
    case fixed
  }

  /// The experiment's name.
  public var experiment: String
  /// The method.
  public var method: TransferMethod
  /// The configuration.
  public var configuration: TransferConfiguration
  /// The K labels.
  public var classes: [String]
  /// The fingerprint of the model.
  public var model: String
  /// The prompt template; nil for methods without text.
  public var prompt: ClassPrompt?
  /// The results of each fold.
  public var folds: [Fold]
  /// The mean of each score over folds.
  public var mean: [String: MetricValue]
  /// The population standard deviation of each score over folds.
  public var std: [String: MetricValue]
  /// The scores of each label over all folds.
  public var labels: [LabelScores]
  /// The scores on external test sets by name; nil for none.
  public var external: [String: ExternalSummary]? = nil
  /// The time of fitting and prediction in seconds, without feature extraction.
  public var seconds: Double
}
