import Foundation

/// What one method reached on one experiment: the content of `results.json`.
public struct TransferResult: Sendable, Codable {
  /// One fold.
  public struct Fold: Sendable, Codable {
    /// The fold's number, its seed.
    public var fold: Int
    /// Every score by its published name.
    public var metrics: [String: MetricValue]
    /// 95 % intervals of some scores.
    public var intervals: [String: ConfidenceInterval]
    /// The test pictures' paths.
    public var testImages: [String]
    /// Their true classes.
    public var labels: [Int]
    /// The probabilities of every class, `[N, K]`.
    public var probabilities: [[Float]]
    /// The number of training pictures.
    public var trainingCount: Int
    /// Parts of the split that came out smaller than asked.
    public var notes: [String]
    /// Scores on other manifests by their names.
    public var external: [String: External]?
    /// How well the positive class is told from the others; nil where there is none.
    public var positive: DetectionScores? = nil
    /// Why a score is undefined, by its name; nil in files of earlier versions.
    public var undefined: [String: String]? = nil

    private enum CodingKeys: String, CodingKey {
      case fold, metrics, intervals, labels, probabilities, notes, external, positive, undefined
      case testImages = "test_images"
      case trainingCount = "training_count"
    }

    /// The predictions, for curves and matrices.
    public func predictions() throws -> Predictions {
      try Predictions(labels: labels, rows: probabilities)
    }
  }

  /// One fold's scores on the pictures of another manifest.
  public struct External: Sendable, Codable {
    /// Every score by its published name.
    public var metrics: [String: MetricValue]
    /// The pictures' paths.
    public var testImages: [String]
    /// Their true classes.
    public var labels: [Int]
    /// The probabilities of every class, `[N, K]`.
    public var probabilities: [[Float]]

    private enum CodingKeys: String, CodingKey {
      case metrics, labels, probabilities
      case testImages = "test_images"
    }
  }

  /// The experiment's name.
  public var experiment: String
  /// The method.
  public var method: TransferMethod
  /// Everything that was set.
  public var configuration: TransferConfiguration
  /// The label of each class.
  public var classes: [String]
  /// The fingerprint of the model.
  public var model: String
  /// One for each fold.
  public var folds: [Fold]
  /// Mean of each score over the folds, rounded as published.
  public var mean: [String: MetricValue]
  /// Population standard deviation of each score over the folds, rounded as published.
  public var std: [String: MetricValue]
  /// Scores without a mean, because some folds lack a class.
  public var omitted: [String]
  /// Mean and deviation on other manifests by their names.
  public var external: [String: FoldSummary]?
  /// Seconds of fitting and predicting, without the extraction of features.
  public var seconds: Double
  /// The weights of `kappa`; nil in files of earlier versions, where it is quadratic.
  public var kappaWeights: KappaWeights? = nil
  /// How well the positive class is told from the others, over all folds; nil where there is none.
  public var positive: DetectionScores? = nil
  /// 95 % intervals of some scores over the test images of all folds, each image or group once.
  public var intervals: [String: ConfidenceInterval]? = nil
  /// Why a score has no mean, by its name.
  public var undefined: [String: String]? = nil

  private enum CodingKeys: String, CodingKey {
    case experiment, method, configuration, classes, model, folds, mean, std, omitted, external
    case seconds, positive, intervals, undefined
    case kappaWeights = "kappa_weights"
  }
}

/// Several results of one run, as they are written to `results.json`.
public struct TransferReport: Sendable, Codable {
  /// The experiment's name.
  public var experiment: String
  /// One for each method and number of shots.
  public var results: [TransferResult]

  /// Results of one experiment.
  public init(experiment: String, results: [TransferResult]) {
    self.experiment = experiment
    self.results = results
  }

  /// Writes `results.json`: a single result as it is, several under `results`.
  /// - Throws: `CheckpointError` when the file exists and `force` is off, or cannot be written.
  public func write(to directory: URL, force: Bool) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let text =
      results.count == 1
      ? try JSONText.encode(results[0], pretty: true) : try JSONText.encode(self, pretty: true)
    try AtomicFile.write(
      text + "\n", to: directory.appendingPathComponent("results.json"), force: force)
  }

  /// Reads what ``write(to:force:)`` wrote.
  public init(contentsOf url: URL) throws {
    let data = try Data(contentsOf: url)
    let decoder = JSONDecoder()
    if let report = try? decoder.decode(TransferReport.self, from: data) {
      self = report
    } else {
      let result = try decoder.decode(TransferResult.self, from: data)
      self.init(experiment: result.experiment, results: [result])
    }
  }
}
