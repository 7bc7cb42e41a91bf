import Foundation
import KeepFIT
import TestSupport
import Testing

/// A report model that trains in milliseconds.
func smallestReportModel(_ vocabulary: ReportVocabulary, seed: UInt64 = 3) throws -> ReportGenerator
{
  var configuration = ReportGeneratorConfiguration()
  configuration.vision.architecture = "resnet18"
  configuration.vision.width = 8
  configuration.decoder.width = 32
  configuration.decoder.feedForward = 32
  configuration.decoder.heads = 2
  configuration.decoder.layers = 1
  configuration.imageSize = 64
  configuration.maximumLength = 12
  return try ReportGenerator(
    configuration, vocabulary: vocabulary, initialization: .random(RandomStream(seed: seed)))
}

@Suite(.serialized) struct ReportTrainingRunTests {
  private let folder: TemporaryDirectory
  private let samples: [ReportSample]
  private let vocabulary: ReportVocabulary

  init() throws {
    let folder = try TemporaryDirectory()
    self.folder = folder
    let texts = [
      "Late leakage at the macula. The disc is normal.", "No leakage.",
      "Window defect. Late leakage at the macula.", "The disc is normal. No leakage at all.",
      "Blocked fluorescence at the macula by a hemorrhage that covers the whole of the arcade.",
    ]
    samples = try texts.enumerated().map { index, text in
      var random = RandomStream(seed: UInt64(index))
      let file = folder.url.appending(path: "\(index).png")
      let pixels = (0..<70 * 80 * 3).map { _ in UInt8(random.index(below: 200) + index * 10) }
      try FundusImage(width: 80, height: 70, pixels: pixels).writePNG(to: file)
      return ReportSample(id: "\(index).png", image: file, text: text)
    }
    vocabulary = ReportVocabulary(counting: texts, threshold: 1)
  }

  private func settings(
    _ change: (inout ReportTrainingConfiguration) -> Void = { _ in }
  ) -> ReportTrainingConfiguration {
    var settings = ReportTrainingConfiguration()
    settings.batchSize = 2
    settings.maxSteps = 6
    settings.learningRate = 2e-3
    settings.visionLearningRate = 1e-3
    settings.checkpointEverySteps = 2
    settings.keepsCheckpoints = 10
    change(&settings)
    return settings
  }

  private func run(
    _ name: String, _ settings: ReportTrainingConfiguration,
    inputs change: (inout ReportTrainingInputs) -> Void = { _ in },
    generator: ReportGenerator? = nil
  ) throws -> ReportTrainingRun {
    let directory = RunDirectory(folder.url.appending(path: name))
    if try directory.latest() == nil { try directory.create(force: true) }
    var inputs = ReportTrainingInputs()
    change(&inputs)
    let generator = try generator ?? smallestReportModel(vocabulary)
    return try ReportTrainingRun(
      generator: generator, configuration: settings,
      loader: inputs.loader(samples, settings, imageSize: generator.configuration.imageSize),
      directory: directory)
  }

  private func bits(_ run: ReportTrainingRun) throws -> [Data] {
    let latest = try #require(try run.directory.latest()).url
    return try ["model", "optimizer"].map {
      try Data(contentsOf: latest.appending(path: "\($0).safetensors"))
    }
  }

  private func lines(_ run: ReportTrainingRun) throws -> [JSONValue] {
    try Data(contentsOf: run.directory.metricsFile).split(separator: 0x0A).map {
      try JSONValue(parsing: Array($0))
    }
  }

  @Test func theLossFalls() throws {
    let run = try run(
      "learn",
      settings {
        $0.maxSteps = 60; $0.batchSize = 5; $0.dropout = 0
      })
    #expect(try run.run() == .finished(step: 60))
    let losses = try lines(run).compactMap { $0["loss"]?.double }
    #expect(losses.count == 60 && losses[59] < losses[0] * 0.5, "\(losses)")
    let line = try #require(try lines(run).first)
    #expect(line["lr"] == .float(2e-3) && line["lr_visual"] == .float(1e-3))
    #expect((line["grad_norm"]?.double ?? 0) > 0)
    #expect(try run.directory.latest()?.step == 60)
  }

  /// The same bits after an interruption, and with another number of threads.
  @Test(arguments: [1, 3]) func aResumedRunEndsWithTheSameBits(stop: Int) throws {
    let whole = try run("whole", settings())
    _ = try whole.run()
    let first = try run("parts", settings())
    first.onEvent = { event in
      if case .step(let metrics, _) = event, metrics.step == stop { first.stopRequest.make() }
    }
    #expect(try first.run() == .interrupted(step: stop))
    let second = try run("parts", settings(), inputs: { $0.loaderThreads = 1 })
    try second.resume()
    #expect(second.step == stop)
    #expect(try second.run() == .finished(step: 6))
    #expect(try bits(whole) == bits(second))
    #expect(
      try lines(whole).map { $0["loss"] } == lines(second).map { $0["loss"] })
  }

  /// A run that was killed while it saved goes back to the checkpoint before.
  @Test func aDamagedCheckpointIsMovedAside() throws {
    let whole = try run("whole", settings())
    _ = try whole.run()
    let broken = try run("broken", settings { $0.maxSteps = 4 })
    _ = try broken.run()
    try Data("{".utf8).write(
      to: broken.directory.checkpoint(step: 4).appending(path: "optimizer.safetensors"))
    let resumed = try run("broken", settings())
    var warnings: [String] = []
    resumed.onEvent = { if case .warned(let text) = $0 { warnings.append(text) } }
    try resumed.resume()
    #expect(resumed.step == 2 && warnings.count == 1)
    _ = try resumed.run()
    #expect(try bits(whole) == bits(resumed))
  }

  @Test func checkpointsAreModelDirectories() throws {
    let run = try run(
      "model",
      settings {
        $0.maxSteps = 2; $0.checkpointEverySteps = nil
      })
    _ = try run.run()
    let folder = try #require(try run.directory.latest()).url
    let loaded = try ReportGenerator.load(folder)
    let trained = run.generator.model.stateEntries().map(\.exported.scalars)
    #expect(loaded.model.stateEntries().map(\.exported.scalars) == trained)
    #expect(loaded.configuration == run.generator.configuration)
    #expect(loaded.model.batchesTracked.values.allSatisfy { $0 == 2 })
  }

  /// Two batches as one step have the loss and the gradients of both together: it is a mean over words.
  @Test func accumulationIsAMeanOverWords() throws {
    func first(_ size: Int, _ pieces: Int) throws -> JSONValue {
      let run = try run(
        "piece\(pieces)",
        settings {
          $0.batchSize = size; $0.accumulationSteps = pieces; $0.maxSteps = 1; $0.dropout = 0
          $0.freezesBatchNorm = true
        },
        inputs: {
          $0.isShuffled = false; $0.isAugmented = false
        })
      _ = try run.run()
      return try #require(try lines(run).first)
    }
    let (whole, parts) = (try first(4, 1), try first(2, 2))
    for name in ["loss", "grad_norm"] {
      let (a, b) = (try #require(whole[name]?.double), try #require(parts[name]?.double))
      #expect(abs(a - b) <= 1e-4 * abs(a), "\(name): \(a), \(b)")
    }
  }

  @Test func settingsHaveTheirEffect() throws {
    func after(_ change: @escaping (inout ReportTrainingConfiguration) -> Void) throws
      -> (ReportTrainingRun, [String: [Float]])
    {
      let run = try run(
        "effect-\(UUID().uuidString)",
        settings {
          $0.maxSteps = 2; change(&$0)
        })
      _ = try run.run()
      return (
        run,
        Dictionary(
          uniqueKeysWithValues: run.generator.model.stateEntries().map {
            ($0.name, $0.exported.scalars)
          })
      )
    }
    let start = Dictionary(
      uniqueKeysWithValues: try smallestReportModel(vocabulary).model.stateEntries().map {
        ($0.name, $0.exported.scalars)
      })
    let plain = try after { _ in }.1
    let statistics = plain.keys.filter { $0.contains("running_") }
    #expect(!statistics.isEmpty && statistics.allSatisfy { plain[$0] != start[$0] })
    let (frozen, kept) = try after { $0.freezesBatchNorm = true }
    #expect(statistics.allSatisfy { kept[$0] == start[$0] })
    #expect(frozen.generator.model.batchesTracked.values.allSatisfy { $0 == 0 })
    let scale = try #require(plain.keys.first { $0 == "visual_extractor.model.1.weight" })
    #expect(kept[scale] != start[scale])
    let changes: [(inout ReportTrainingConfiguration) -> Void] = [
      { $0.dropout = 0 }, { $0.weightDecay = 0.5 }, { $0.gradientLimit = 1e-4 },
      {
        $0.usesAMSGrad = false; $0.maxSteps = 5
      },
      {
        $0.decayEpochs = 1; $0.maxSteps = 5
      },
      { $0.seed = 1 }, { $0.visionLearningRate = 1e-4 },
    ]
    for (index, change) in changes.enumerated() where index != 3 {
      #expect(try after(change).1 != plain, "change \(index)")
    }
    // Recomputed activations are the same activations.
    #expect(try after { $0.recomputesActivations = true }.1 == plain)
  }

  @Test func validationSelectsTheBestAndStopsEarly() throws {
    let run = try run(
      "monitored",
      settings {
        $0.maxSteps = nil; $0.epochs = 6; $0.patience = 2; $0.learningRate = 1e-12
        $0.visionLearningRate = 1e-12; $0.weightDecay = 0; $0.freezesBatchNorm = true
        $0.checkpointEverySteps = nil
      })
    run.validation = ReportValidation(
      samples: Array(samples.prefix(3)), monitor: .bleu1, batchSize: 2)
    let outcome = try run.run()
    // Ties count as improvements, so that nothing stops a run that stays as it is.
    #expect(outcome == .finished(step: 18))
    let values = try lines(run).compactMap { $0["validation"] }
    #expect(values.count == 6 && values.allSatisfy { $0["BLEU_1"]?.double != nil })
    #expect(values.allSatisfy { ($0["loss"]?.double ?? 0) > 0 })
    #expect(run.directory.bestStep() == 18)
  }

  @Test func theLossDoesNotDependOnTheBatchSize() throws {
    let generator = try smallestReportModel(vocabulary)
    let studies = [
      ReportStudy(id: "a", images: ["0.png", "1.png", "2.png"], text: samples[0].text),
      ReportStudy(id: "b", images: ["3.png"], text: samples[1].text),
      ReportStudy(id: "c", images: ["4.png", "0.png"], text: samples[4].text),
    ]
    let results = try [1, 2, 3].map {
      try generator.loss(on: studies, root: folder.url, batchSize: $0)
    }
    // "No leakage." has three words and a closing mark; the third report is cut to twelve ids.
    #expect(results.allSatisfy { $0.tokens == results[0].tokens })
    #expect(results[0].tokens == 11 + 4 + 11)
    #expect(results.allSatisfy { abs($0.loss - results[0].loss) <= 1e-6 }, "\(results)")
  }

  @Test func aLossThatIsNoNumberEndsTheRunWithTheLastStepSaved() throws {
    let run = try run(
      "wild",
      settings {
        $0.learningRate = 10; $0.visionLearningRate = 10; $0.maxSteps = 200
        $0.gradientLimit = nil; $0.weightDecay = 10; $0.checkpointEverySteps = 1000
      })
    do {
      _ = try run.run()
      // Some machines' rounding keeps it finite.
      #expect(run.step == 200)
    } catch PretrainingError.notFinite(let step, _, let checkpoint) {
      #expect(step == run.step + 1)
      #expect(checkpoint == run.directory.checkpoint(step: run.step).path)
      let found = try #require(checkpoint)
      #expect(FileManager.default.fileExists(atPath: found))
    }
  }
}
