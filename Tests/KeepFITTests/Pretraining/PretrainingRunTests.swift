import Foundation
import KeepFIT
import TestSupport
import Testing

/// Batches made of nothing but their number.
final class DrawnBatches: PretrainingBatchSource {
  let batchesPerEpoch = 4
  let skippedPictures: [String] = []
  private var position = 0
  private let batchSize: Int
  /// A batch whose pictures are not numbers, to see what a run does about it.
  var poisonedBatch: Int?

  init(batchSize: Int = 4) { self.batchSize = batchSize }

  func start(at batch: Int) { position = batch }

  func next() -> PretrainingBatch {
    defer { position += 1 }
    let number = position % batchesPerEpoch
    let labels = ["glaucoma", "drusen", "normal"]
    let categories = (0..<batchSize).map { labels[(number + $0) % 3] }
    var images = pictures(number, categories: categories)
    if position == poisonedBatch { images = Tensor(repeating: .nan, shape: images.shape) }
    return PretrainingBatch(
      labelled: PretrainingSamples(
        images: images, texts: categories.map { "a fundus photograph of \($0)" },
        categories: categories),
      expert: PretrainingSamples(
        images: pictures(number + 100, categories: categories),
        texts: categories.map { "signs of \($0) near the optic disc" }, categories: nil))
  }

  /// Noise with a patch whose place tells the category.
  private func pictures(_ seed: Int, categories: [String]) -> Tensor {
    var random = RandomStream(seed: UInt64(seed))
    var pixels: [Float] = []
    for category in categories {
      let place = category.count % 3 * 8
      for y in 0..<32 {
        for x in 0..<32 {
          let isInside = y >= place && y < place + 10 && x >= place && x < place + 10
          for _ in 0..<3 { pixels.append(random.uniform() * 0.2 + (isInside ? 0.7 : 0.1)) }
        }
      }
    }
    return Tensor(pixels, shape: [categories.count, 32, 32, 3])
  }
}

/// A model that trains in milliseconds.
func smallestModel() throws -> KeepFITModel {
  var configuration = KeepFITConfiguration(.tiny)
  configuration.vision.width = 8
  configuration.text.layerCount = 2
  configuration.text.hiddenSize = 32
  configuration.text.headCount = 2
  configuration.text.intermediateSize = 64
  configuration.projectionDimension = 16
  configuration.imageSize = 32
  let vocabulary = Vocabulary.fundus
  configuration.text.vocabularySize = vocabulary.count
  return try KeepFITModel(
    configuration, vocabulary: vocabulary, initialization: .random(RandomStream(seed: 5)))
}

@Suite(.serialized) struct PretrainingRunTests {
  let root = FileManager.default.temporaryDirectory
    .appending(path: "keepfit-pretraining-\(UUID().uuidString)")

  func settings(_ change: (inout PretrainingConfiguration) -> Void = { _ in })
    -> PretrainingConfiguration
  {
    var settings = PretrainingConfiguration()
    settings.batchSize = 4
    settings.imageSize = 32
    settings.maxSteps = 6
    settings.learningRate = 1e-3
    settings.checkpointEverySteps = 2
    settings.keepsCheckpoints = 10
    settings.averageDecay = 0.9
    change(&settings)
    return settings
  }

  func run(_ name: String, _ settings: PretrainingConfiguration) throws -> PretrainingRun {
    let directory = RunDirectory(root.appending(path: name))
    if directory.latest() == nil { try directory.create(force: true) }
    return try PretrainingRun(
      model: smallestModel(), configuration: settings, source: DrawnBatches(),
      directory: directory)
  }

  func bits(_ run: PretrainingRun) throws -> [String: Data] {
    let folder = try #require(run.directory.latest()).url
    var result: [String: Data] = [:]
    for name in ["model", "optimizer", "average"] {
      result[name] = try Data(contentsOf: folder.appending(path: "\(name).safetensors"))
    }
    return result
  }

  @Test(arguments: ObjectiveName.allCases) func everyObjectiveLearns(name: ObjectiveName) throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let run = try run(
      "learn",
      settings {
        $0.objective = name; $0.maxSteps = 24
      })
    var losses: [Float] = []
    run.onEvent = { if case .step(let metrics, _) = $0 { losses.append(metrics.loss) } }
    #expect(try run.run() == .finished(step: 24))
    #expect(losses.count == 24)
    #expect(losses.suffix(4).reduce(0, +) < losses.prefix(4).reduce(0, +))
  }

  @Test func aResumedRunEndsWithTheSameBits() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let whole = try run("whole", settings())
    _ = try whole.run()
    let first = try run("parts", settings())
    first.onEvent = { [stop = first.stopRequest] in
      if case .step(let metrics, _) = $0, metrics.step == 3 { stop.make() }
    }
    #expect(try first.run() == .interrupted(step: 3))
    let second = try run("parts", settings())
    try second.resume()
    #expect(try second.run() == .finished(step: 6))
    #expect(try bits(second) == bits(whole))
    let lines = try [whole, second].map {
      try String(contentsOf: $0.directory.metricsFile, encoding: .utf8)
        .split(separator: "\n").map { $0.prefix(while: { $0 != "s" }) }
    }
    #expect(lines[0] == lines[1])
  }

  @Test(arguments: [1, 2, 4]) func bitsDoNotDependOnThreads(threads: Int) throws {
    defer { try? FileManager.default.removeItem(at: root) }
    func bits(_ name: String, threads: Int) throws -> [String: Data] {
      try withThreads(threads) {
        try? FileManager.default.removeItem(at: root.appending(path: name))
        let run = try run(name, settings { $0.maxSteps = 2 })
        _ = try run.run()
        return try self.bits(run)
      }
    }
    #expect(try bits("one", threads: 1) == bits("many", threads: threads))
  }

  @Test func recomputationChangesNoBit() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let kept = try run("kept", settings { $0.maxSteps = 3 })
    _ = try kept.run()
    let recomputed = try run(
      "again",
      settings {
        $0.maxSteps = 3; $0.recomputesActivations = true
      })
    _ = try recomputed.run()
    #expect(try bits(kept) == bits(recomputed))
  }

  @Test func aLossThatIsNoNumberEndsTheRunAndSparesTheCheckpoint() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let directory = RunDirectory(root.appending(path: "poisoned"))
    try directory.create(force: false)
    let source = DrawnBatches()
    source.poisonedBatch = 4
    let run = try PretrainingRun(
      model: smallestModel(), configuration: settings(), source: source, directory: directory)
    #expect {
      try run.run()
    } throws: { error in
      "\(error)".contains("step 5") && "\(error)".contains("step-000000004")
    }
    let resumed = try self.run("poisoned", settings())
    try resumed.resume()
    #expect(try resumed.run() == .finished(step: 6))
  }

  @Test func aFrozenTowerStaysAsItIs() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let run = try run(
      "frozen",
      settings {
        $0.frozenTowers = [.vision]; $0.maxSteps = 2
      })
    func state(_ prefix: String) -> [[Float]] {
      run.model.stateEntries().filter { $0.name.hasPrefix(prefix) }.map(\.exported.scalars)
    }
    let (vision, text) = (state("vision_model."), state("text_model."))
    _ = try run.run()
    #expect(state("vision_model.") == vision)
    #expect(state("text_model.") != text)
  }

  @Test func averagesSpreadTheStepsOfAccumulation() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let run = try run(
      "pieces",
      settings {
        $0.accumulationSteps = 2; $0.maxSteps = 4
      })
    var rates: [Float] = []
    run.onEvent = { if case .step(let metrics, _) = $0 { rates.append(metrics.learningRate) } }
    #expect(try run.run() == .finished(step: 4))
    // Two optimizer steps in an epoch of four batches: the warm-up ends with the second.
    #expect(abs(rates[0] - 5e-4) < 1e-9 && abs(rates[1] - 1e-3) < 1e-9)
  }

  @Test func retrievalScoresCountOnlyWhatIsBetterThanAllOthers() {
    let identity = Tensor.oneHot([0, 1, 2], count: 3)
    #expect(RetrievalScores(images: identity, texts: identity, ks: [1]).values[0].value == 1)
    // A model that says the same of everything has found nothing.
    let same = Tensor([1, 0, 1, 0, 1, 0], shape: [3, 2])
    #expect(RetrievalScores(images: same, texts: same, ks: [1]).values[0].value == 0)
    let broken = Tensor(repeating: .nan, shape: [3, 2])
    #expect(RetrievalScores(images: broken, texts: broken, ks: [1]).values[0].value == 0)
  }
}
