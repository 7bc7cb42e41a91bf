import Foundation
import KeepFIT
import TestSupport
import Testing

/// Batches made of nothing but their number.
final class DrawnBatches: PretrainingBatchSource {
  let batchesPerEpoch = 4
  let skipped: [SkippedImage] = []
  private var position = 0
  private let batchSize: Int
  /// A batch whose images are not numbers, to see what a run does about it.
  var poisonedBatch: Int?
  /// A batch that cannot be loaded.
  var missingBatch: Int?

  init(batchSize: Int = 4) { self.batchSize = batchSize }

  func start(at batch: Int) { position = batch }

  func next() throws -> PretrainingBatch {
    defer { position += 1 }
    if position == missingBatch { throw LoadingError.badImage(id: "bad.jpg", reason: "truncated") }
    let number = position % batchesPerEpoch
    let labels = ["glaucoma", "drusen", "normal"]
    let categories = (0..<batchSize).map { labels[(number + $0) % 3] }
    var images = self.images(number, categories: categories)
    if position == poisonedBatch { images = Tensor(repeating: .nan, shape: images.shape) }
    return PretrainingBatch(
      labeled: PretrainingSamples(
        images: images, texts: categories.map { "a fundus photograph of \($0)" },
        categories: categories),
      expert: PretrainingSamples(
        images: self.images(number + 100, categories: categories),
        texts: categories.map { "signs of \($0) near the optic disc" }, categories: nil))
  }

  /// Noise with a patch whose place tells the category.
  private func images(_ seed: Int, categories: [String]) -> Tensor {
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
    if try directory.latest() == nil { try directory.create(force: true) }
    return try PretrainingRun(
      model: smallestModel(), configuration: settings, source: DrawnBatches(),
      directory: directory)
  }

  func bits(_ run: PretrainingRun) throws -> [String: Data] {
    let folder = try #require(try run.directory.latest()).url
    var result: [String: Data] = [:]
    for name in ["model", "optimizer", "ema/model"] {
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

  @Test func aFrozenEncoderStaysAsItIs() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let run = try run(
      "frozen",
      settings {
        $0.frozenEncoders = [.vision]; $0.maxSteps = 2
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

  /// Gives one value after the other.
  final class Verdicts: PretrainingValidation {
    private var values: [Float]
    init(_ values: [Float]) { self.values = values }
    func measure(_ model: KeepFITModel) -> [(name: String, value: Float)] {
      [("score", values.removeFirst())]
    }
  }

  @Test func theRunStopsEarlyAndKeepsTheBestModel() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let settings = settings {
      $0.maxSteps = 40; $0.patience = 2; $0.checkpointEverySteps = 1000; $0.keepsCheckpoints = 1
    }
    let run = try run("early", settings)
    // The second epoch is the best; what is undefined or equal is no better.
    run.validation = Verdicts([0.1, 0.5, .nan, 0.5])
    #expect(try run.run() == .stoppedEarly(step: 16))
    #expect(try run.directory.checkpointSteps() == [8, 16])
    #expect(run.directory.bestStep() == 8)
    let lines = try String(contentsOf: run.directory.metricsFile, encoding: .utf8)
    #expect(lines.contains(#"{"step":12,"validation":{"score":null}}"#))
    // Resumed as it is, there is nothing to do; with more patience it goes on.
    let again = try self.run("early", settings)
    try again.resume()
    #expect(try again.run() == .stoppedEarly(step: 16))
    var patient = settings
    patient.patience = 3
    let more = try self.run("early", patient)
    try more.resume()
    more.validation = Verdicts([0.2])
    #expect(try more.run() == .stoppedEarly(step: 20))
    #expect(more.directory.bestStep() == 8)
  }

  @Test func aScoreThatIsNeverDefinedChoosesNothing() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let run = try run("undefined", settings { $0.maxSteps = 8 })
    run.validation = Verdicts([-.nan, .infinity])
    #expect(try run.run() == .finished(step: 8))
    #expect(run.directory.bestStep() == nil)
  }

  @Test func theAveragedWeightsAreAModelAndTheBestOne() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let run = try run("average", settings { $0.maxSteps = 4 })
    let images = DrawnBatches()
    let samples = try images.next().labeled.images
    /// Embeds at each validation, which sees the averaged weights.
    final class Witness: PretrainingValidation {
      let images: Tensor
      var seen: [Float] = []
      init(_ images: Tensor) { self.images = images }
      func measure(_ model: KeepFITModel) -> [(name: String, value: Float)] {
        seen = Autograd.withoutGradients { model.imageEmbeddings(images) }.scalars
        return [("score", 1)]
      }
    }
    let witness = Witness(samples)
    run.validation = witness
    _ = try run.run()
    func embedding(_ url: URL) throws -> [Float] {
      let model = try KeepFITModel.load(url)
      return Autograd.withoutGradients { model.imageEmbeddings(samples) }.scalars
    }
    let best = try embedding(run.directory.best)
    #expect(best == witness.seen)
    #expect(try embedding(run.directory.checkpoint(step: 4)) != best)
    // The statistics of batch norms are averaged with the weights that they belong to.
    let (average, last) = try (
      StateDictionary(contentsOf: run.directory.best.appending(path: "model.safetensors")),
      StateDictionary(
        contentsOf: run.directory.checkpoint(step: 4).appending(path: "model.safetensors"))
    )
    let name = "vision_model.model.bn1.running_mean"
    #expect(average[name] != nil && average[name]?.tensor().scalars != last[name]?.tensor().scalars)
  }

  @Test func aCheckpointOfAnOlderVersionResumesWithItsAverage() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let first = try run("older", settings { $0.maxSteps = 2 })
    _ = try first.run()
    let folder = first.directory.checkpoint(step: 2)
    let parameters = first.model.parameters.map { CheckpointEntry($0.name, $0.parameter.value) }
    try Safetensors.write(
      parameters, metadata: [:], to: folder.appending(path: "average.safetensors"), force: false)
    try FileManager.default.removeItem(at: folder.appending(path: "ema"))
    let second = try run("older", settings { $0.maxSteps = 4 })
    try second.resume()
    #expect(try second.run() == .finished(step: 4))
    _ = try KeepFITModel.load(second.directory.checkpoint(step: 4).appending(path: "ema"))
  }

  /// Parameters that no step had moved were not in the optimizer's file.
  @Test func anOptimizerStateOfAnOlderVersionResumes() throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let settings = settings { $0.objective = .flair }
    let whole = try run("whole", settings)
    _ = try whole.run()
    let first = try run("old", settings)
    first.onEvent = { [stop = first.stopRequest] in
      if case .step(let metrics, _) = $0, metrics.step == 4 { stop.make() }
    }
    #expect(try first.run() == .interrupted(step: 4))
    let url = first.directory.checkpoint(step: 4).appending(path: "optimizer.safetensors")
    let all = try SafetensorsFile(contentsOf: url).tensors.map { ($0.name, $0.tensor().copy()) }
    let moved = all.filter { !$0.0.hasPrefix("step.") || $0.1.item != 0 }
    #expect(moved.count < all.count && moved.contains { $0.0.hasPrefix("step.") })
    try Safetensors.write(
      moved.map { CheckpointEntry($0.0, $0.1) }, metadata: [:], to: url, force: true)
    let second = try run("old", settings)
    try second.resume()
    #expect(try second.run() == .finished(step: 6))
    #expect(try bits(second) == bits(whole))
  }

  @Test(arguments: [1, 2]) func aFailureKeepsTheStepsBeforeIt(pieces: Int) throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let settings = settings {
      $0.checkpointEverySteps = 1000; $0.accumulationSteps = pieces
    }
    let whole = try run("whole", settings)
    _ = try whole.run()
    let directory = RunDirectory(root.appending(path: "failing"))
    try directory.create(force: false)
    let source = DrawnBatches()
    // With two batches for a step, the first has gone through the model when the second fails.
    source.missingBatch = 4 * pieces + pieces - 1
    let failing = try PretrainingRun(
      model: smallestModel(), configuration: settings, source: source, directory: directory)
    #expect(throws: LoadingError.self) { try failing.run() }
    #expect(try directory.checkpointSteps() == [0, 4])
    let resumed = try run("failing", settings)
    try resumed.resume()
    #expect(try resumed.run() == .finished(step: 6))
    #expect(try bits(resumed) == bits(whole))
  }

  @Test(
    arguments: [
      "model.safetensors", "optimizer.safetensors", "training.json", "ema/model.safetensors",
      "checksums.json",
    ], ["truncated", "one bit flipped"])
  func aDamagedCheckpointGivesWayToTheOneBefore(file: String, damage: String) throws {
    defer { try? FileManager.default.removeItem(at: root) }
    let whole = try run("whole", settings())
    _ = try whole.run()
    let first = try run("damaged", settings { $0.maxSteps = 4 })
    _ = try first.run()
    let damaged = first.directory.checkpoint(step: 4).appending(path: file)
    var bytes = try Data(contentsOf: damaged)
    if damage == "truncated" {
      bytes = bytes.prefix(bytes.count / 2)
    } else {
      // Within the last number of a tensor, or the text of a JSON file.
      bytes[bytes.count - 3] ^= 1
    }
    try bytes.write(to: damaged)
    let second = try run("damaged", settings())
    var warnings: [String] = []
    second.onEvent = { if case .warned(let text) = $0 { warnings.append(text) } }
    try second.resume()
    #expect(second.step == 2)
    #expect(warnings.count == 1 && warnings[0].contains("step 4"))
    #expect(try second.run() == .finished(step: 6))
    #expect(try bits(second) == bits(whole))
    let names = try FileManager.default.contentsOfDirectory(
      atPath: second.directory.checkpoints.path)
    #expect(names.contains("damaged-step-000000004"))
  }

  @Test func stepsWithoutALearningRateAreSaid() {
    let long = settings {
      $0.maxSteps = 9
      $0.scheduleEpochs = 2
    }
    #expect(long.scheduleNote(batchesPerEpoch: 4)?.contains("from step 8 on") == true)
    #expect(long.scheduleNote(batchesPerEpoch: 5) == nil)
  }

  @Test func retrievalInBlocksGivesTheRanksOfTheWholeMatrix() {
    // 600 pairs, of which several are alike, over more than two blocks.
    var random = RandomStream(seed: 3)
    func rows(_ kinds: Int) -> Tensor {
      let kinds = (0..<kinds).map { _ in (0..<8).map { _ in random.uniform() - 0.5 } }
      return Tensor((0..<600).flatMap { kinds[$0 * 7 % kinds.count] }, shape: [600, 8])
    }
    let (images, texts) = (rows(600), rows(450))
    let matrix = matmul(images, texts, transposeB: true).scalars
    for (name, stride, row) in [("i2t", 1, 600), ("t2i", 600, 1)] {
      let ranks = (0..<600).map { i in
        (0..<600).count { $0 != i && matrix[i * row + $0 * stride] >= matrix[i * 601] }
      }
      let scores = RetrievalScores(images: images, texts: texts, ks: [1, 10, 100]).values
      for k in [1, 10, 100] {
        let expected = Float(ranks.count { $0 < k }) / 600
        #expect(scores.first { $0.name == "\(name)_recall@\(k)" }?.value == expected)
      }
    }
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
