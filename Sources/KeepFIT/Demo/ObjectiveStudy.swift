import Foundation
import FundusSynthesis

/// Pretrains the same random model with several objectives on a synthetic dataset and measures each on
/// images of seen and unseen classes: the paper's ablation in small.
public struct ObjectiveStudy: Sendable {
  /// How the models are made and trained.
  public struct Settings: Sendable, Codable, Equatable {
    /// The size of the model.
    public var preset = KeepFITConfiguration.Preset.small.rawValue
    /// Pixels along each side.
    public var imageSize = 96
    /// Images of each stream in a step.
    public var batchSize = 16
    /// Passes over the labeled images.
    public var epochs = 5
    /// The peak learning rate. Larger than published, since the encoders start from random weights.
    public var learningRate = 6e-4
    /// What everything random follows from.
    public var seed: UInt64 = 42

    /// The settings of `make demo`.
    public init() {}
  }

  /// How a model does on the images of one experiment.
  public struct Score: Sendable {
    /// `seen` or `unseen`.
    public let experiment: String
    /// The labels, class by class.
    public let classes: [String]
    /// Scores as the transfer stage computes them.
    public let metrics: ClassificationMetrics
    /// 95 % intervals by name.
    public let intervals: [String: ConfidenceInterval]
    /// Few-shot scores: the mean class accuracy of a linear probe on so many images of each class.
    public let probe: Double
  }

  /// One trained model.
  public struct Outcome: Sendable {
    /// The objective; nil for the model before training.
    public let objective: ObjectiveName?
    /// The folder of the run, where there is one.
    public let run: URL?
    /// Scores on each experiment.
    public let scores: [Score]
    /// Seconds of training.
    public let seconds: Double
  }

  /// Where the dataset is.
  public let data: URL
  /// Where runs are kept.
  public let out: URL
  /// How models are trained.
  public let settings: Settings

  /// A study on a dataset that `SyntheticDataset` wrote.
  public init(data: URL, out: URL, settings: Settings = Settings()) {
    self.data = data
    self.out = out
    self.settings = settings
  }

  /// The model before training: the same weights for every objective.
  public func startingModel() throws -> KeepFITModel {
    guard let preset = KeepFITConfiguration.Preset(rawValue: settings.preset) else {
      throw PretrainingError.configuration("there is no preset '\(settings.preset)'")
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

  /// The labeled and the expert stream of the dataset. Unseen classes have no labels in it, so
  /// nothing needs to be banned.
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

  /// Measures a model: zero-shot with the knowledge table, and a linear probe on `shots` images of
  /// each class, on the experiments that the dataset has.
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

  /// The mean class accuracy of linear probes over five random choices of the training images.
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
      let probe = try LinearProbe(
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
