import Foundation
import FundusSynthesis

/// The angiography part of a demonstration: trains a small report model on synthetic studies with reports, and
/// evaluates it on others.
public struct ReportDemonstration: Sendable {
  /// The number of studies: seven tenths are for training, two for the test.
  public var studies = 1000
  /// The number of epochs that train the whole model.
  public var epochs = 9
  /// The number of epochs after these that train the transformer alone: while the image encoder moves, the
  /// decoder hardly learns to say what it sees.
  public var transformerEpochs = 4
  /// The batch size.
  public var batchSize = 16
  /// The learning rate of both parts. Higher than published, since the image encoder starts from random weights.
  public var learningRate = 1e-3
  /// The random seed.
  public var seed: UInt64 = 42

  /// The settings of `make demo`.
  public init() {}

  /// A trained model and its test reports.
  public struct Outcome {
    /// The trained model.
    public let generator: ReportGenerator
    /// The reports of the test studies.
    public let trial: ReportTrial
    /// The run directory.
    public let run: URL
    /// Training time in seconds.
    public let seconds: Double
  }

  /// Runs the demonstration in a directory, which gets `angiograms/`, `reports/` and
  /// `reports-transformer/`.
  /// - Throws: an error that names the file.
  public func run(
    in out: URL, onEvent: @escaping @Sendable (Demonstration.Event) -> Void
  ) throws -> Outcome {
    let preset = ReportGeneratorConfiguration(.small)
    let data = out.appending(path: "angiograms")
    onEvent(.stage("Rendering angiograms with reports"))
    var dataset = SyntheticDataset.Configuration()
    dataset.size = preset.imageSize
    dataset.seed = seed
    (dataset.publicCount, dataset.expertCount, dataset.testPerClass) = (0, 0, 0)
    dataset.reportCount = studies
    dataset.writesMasks = false
    try SyntheticDataset.write(to: data, configuration: dataset, force: true) { done, all in
      onEvent(.progress(done: done, of: all, detail: ""))
    }
    let annotation = data.appending(path: "manifests/ffa_ir.json")
    let file = try ReportStudies(contentsOf: annotation)
    let training = try file.studies(.train)
    let generator = try ReportGenerator(
      preset, vocabulary: ReportVocabulary(counting: training.map(\.text)),
      initialization: .random(RandomStream(seed: seed).derived("reports")))

    onEvent(.stage("Training a report model"))
    let start = ContinuousClock.now
    let directory = try train(generator, annotation, data, in: out, onEvent: onEvent)
    let seconds = (ContinuousClock.now - start) / .seconds(1)

    onEvent(.stage("Writing reports"))
    let tests = try file.studies(.test)
    // Without it beam search prefers short reports, which name no findings.
    var decoding = ReportDecoding(.beam(size: 3))
    decoding.lengthPenalty = .average
    let trial = try ReportTrial(
      generator, studies: tests, training: training, root: data, decoding: decoding
    ) { onEvent(.progress(done: $0, of: tests.count + training.count, detail: "")) }
    return Outcome(generator: generator, trial: trial, run: directory.url, seconds: seconds)
  }

  /// Trains a model in place, first whole, then its transformer.
  /// - Returns: the directory of the last run.
  private func train(
    _ generator: ReportGenerator, _ annotation: URL, _ data: URL, in out: URL,
    onEvent: @escaping @Sendable (Demonstration.Event) -> Void
  ) throws -> RunDirectory {
    var inputs = ReportTrainingInputs()
    (inputs.studies, inputs.studiesRoot) = (annotation.path, data.path)
    // Reports name the eye and the quadrants of a finding, which would be wrong for flipped and cropped
    // images.
    inputs.isAugmented = false
    var configuration = ReportTrainingConfiguration()
    configuration.batchSize = batchSize
    configuration.learningRate = learningRate
    configuration.dropout = 0
    configuration.visionLearningRate = learningRate
    configuration.seed = seed
    configuration.keepsCheckpoints = 1
    let samples = try inputs.read(needsValidation: false).training
    var directory = RunDirectory(out.appending(path: "reports"))
    for (name, epochs, isFrozen) in [
      ("reports", epochs, false), ("reports-transformer", transformerEpochs, true),
    ] where epochs > 0 {
      configuration.epochs = epochs
      configuration.decayEpochs = max(1, epochs * 2 / 3)
      configuration.freezesVision = isFrozen
      directory = RunDirectory(out.appending(path: name))
      try directory.create(force: true)
      let loader = inputs.loader(
        samples, configuration, imageSize: generator.configuration.imageSize)
      let run = try ReportTrainingRun(
        generator: generator, configuration: configuration, loader: loader, directory: directory)
      run.onEvent = { event in
        if case .step(let metrics, let total) = event {
          onEvent(
            .progress(
              done: metrics.step, of: total,
              detail: String(format: "loss %.3f", Double(metrics.loss))))
        }
      }
      _ = try run.run()
    }
    return directory
  }
}
