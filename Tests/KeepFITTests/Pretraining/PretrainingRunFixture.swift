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

/// Small runs in a directory of their own.
final class PretrainingRunFixture {
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

  deinit { try? FileManager.default.removeItem(at: root) }
}
