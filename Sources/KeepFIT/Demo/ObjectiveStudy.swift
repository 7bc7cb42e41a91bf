import Foundation
import FundusSynthesis

/// Pretrains the same randomly initialized model with several objectives on a synthetic dataset and
/// evaluates each on seen and unseen classes: a small version of the paper's ablation.
public struct ObjectiveStudy: Sendable {
  /// The model and training settings.
  public struct Settings: Sendable, Codable, Equatable {
    /// The model preset.
    public var preset = KeepFITConfiguration.Preset.small.rawValue
    /// The image size in pixels.
    public var imageSize = 96
    /// The batch size of each stream.
    public var batchSize = 16
    /// The number of epochs.
    public var epochs = 5
    /// The peak learning rate. Higher than published, since the encoders start from random weights.
    public var learningRate = 6e-4
    /// The random seed.
    public var seed: UInt64 = 42

    /// The settings of `make demo`.
    public init() {}
  }

  /// The results of a model on one experiment.
  public struct Score: Sendable {
    /// `seen` or `unseen`.
    public let experiment: String
    /// The label of each class.
    public let classes: [String]
    /// Scores as computed by the transfer stage.
    public let metrics: ClassificationMetrics
    /// 95 % confidence intervals by name.
    public let intervals: [String: ConfidenceInterval]
    /// Few-shot results: the balanced accuracy of a linear probe by number of training images per class.
    public let probe: Double
  }

  /// A trained model.
  public struct Outcome: Sendable {
    /// The objective; nil for the model before training.
    public let objective: ObjectiveName?
    /// The run directory, if any.
    public let run: URL?
    /// Scores on each experiment.
    public let scores: [Score]
    /// Training time in seconds.
    public let seconds: Double
  }

  /// The directory of the dataset.
  public let data: URL
  /// The output directory for runs.
  public let out: URL
  /// The model and training settings.
  public let settings: Settings

  /// A study on a dataset written by `SyntheticDataset`.
  public init(data: URL, out: URL, settings: Settings = Settings()) {
    self.data = data
    self.out = out
    self.settings = settings
  }

  /// The model before training: the same weights for every objective.
  public func startingModel() throws -> KeepFITModel {
    guard let preset = KeepFITConfiguration.Preset(rawValue: settings.preset) else {
      throw PretrainingError.configuration("unknown preset '\(settings.preset)'")
    }
    var configuration = KeepFITConfiguration(preset)
    configuration.imageSize = settings.imageSize
    configuration.preprocessing.imageSize = settings.imageSize
    return try KeepFITModel(
      configuration, vocabulary: .fundus,
      initialization: .random(RandomStream(seed: settings.seed).derived("initialization")))
  }

  /// Pretrains with one objective.
  public func train(
    _ objective: ObjectiveName, onEvent: @escaping (PretrainingEvent) -> Void = { _ in }
  ) throws -> (model: KeepFITModel, run: URL, seconds: Double) {
    let start = ContinuousClock.now
    let model = try startingModel()
    var configuration = PretrainingConfiguration()
    configuration.objective = objective
    configuration.batchSize = settings.batchSize
    configuration.epochs = settings.epochs
    configuration.learningRate = settings.learningRate
    configuration.scheduleEpochs = max(2, settings.epochs)
    configuration.imageSize = settings.imageSize
    configuration.seed = settings.seed
    configuration.keepsCheckpoints = 1
    let inputs = inputs()
    let directory = RunDirectory(out.appending(path: objective.rawValue))
    try directory.create(force: true)
    let source = try inputs.makeSource(configuration)
    let run = try PretrainingRun(
      model: model, configuration: configuration, source: source, directory: directory)
    run.onEvent = onEvent
    _ = try run.run()
    try? PretrainingReport(run: directory.url).write(to: directory.reportFile)
    return (model, directory.url, (ContinuousClock.now - start) / .seconds(1))
  }

  /// The labeled and the expert stream of the dataset. Unseen classes have no labels in it, so no
  /// categories need to be held out.
  public func inputs() -> PretrainingInputs {
    var inputs = PretrainingInputs()
    let manifests = data.appending(path: "manifests")
    inputs.labeled = [
      .init(manifest: manifests.appending(path: "public.csv").path, root: data.path)
    ]
    inputs.expert = [.init(manifest: manifests.appending(path: "expert.csv").path, root: data.path)]
    inputs.bannedCategories = []
    inputs.cache = out.appending(path: "cache").path
    return inputs
  }

  /// Evaluates a model on the experiments of the dataset: zero-shot with the knowledge table, and a
  /// linear probe on `shots` images per class.
  public func evaluate(_ model: KeepFITModel, shots: Int = 5) throws -> [Score] {
    try ["seen", "unseen"].compactMap { name -> Score? in
      let file = data.appending(path: "manifests/\(name).csv")
      guard FileManager.default.fileExists(atPath: file.path) else { return nil }
      let manifest = try Manifest(contentsOf: file, root: data, form: .labels)
      var classes: [String] = []
      for row in manifest.rows where !classes.contains(row.categories[0]) {
        classes.append(row.categories[0])
      }
      let labels = manifest.rows.map { classes.firstIndex(of: $0.categories[0])! }
      let embeddings = try model.imageEmbeddings(
        contentsOf: manifest.rows.map { manifest.imageURL(of: $0) }, batchSize: 16)
      let answer = model.classify(
        embeddings: embeddings, labels: classes,
        labelEmbeddings: model.labelEmbeddings(classes, knowledge: .builtin))
      let predictions = try Predictions(labels: labels, rows: answer.probabilities)
      return Score(
        experiment: name, classes: classes, metrics: ClassificationMetrics(predictions),
        intervals: Intervals.of(TestedFolds(predictions), resamples: 500),
        probe: try probe(embeddings, labels: labels, classNames: classes, shots: shots))
    }
  }

  /// The balanced accuracy of linear probes, averaged over five random samples of training images.
  private func probe(
    _ embeddings: Tensor, labels: [Int], classNames: [String], shots: Int
  ) throws -> Double {
    var sum = 0.0
    let repeats = 5
    for fold in 0..<repeats {
      var options = DataSplit.Options.testAll
      options.train = .count(shots)
      options.test = .percent(50)
      let split = try DataSplit(
        labels: labels, seed: fold, options: options, classNames: classNames)
      let probe = try LinearProbe.fit(
        features: embeddings.gathered(split.train), labels: split.train.map { labels[$0] },
        classCount: classNames.count)
      let probabilities = probe.probabilities(embeddings.gathered(split.test))
      let rows = probabilities.scalars
      let predictions = try Predictions(
        labels: split.test.map { labels[$0] },
        rows: stride(from: 0, to: rows.count, by: classNames.count).map {
          Array(rows[$0..<$0 + classNames.count])
        })
      sum += ClassificationMetrics(predictions).averageClassAccuracy
    }
    return sum / Double(repeats)
  }
}
