import Foundation
import KeepFIT
import Testing

/// Transfer with a real, randomly initialized model on image files.
@Suite struct ModelTransferTests {
  private func images() throws -> (directory: URL, manifest: URL) {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("images-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    var rows = ["image,label"]
    var stream = RandomStream(seed: 3)
    for index in 0..<16 {
      let isBright = index % 2 == 0
      let pixels = (0..<40 * 36 * 3).map { _ in
        UInt8((isBright ? 140 : 60) + 50 * stream.uniform())
      }
      let name = "p\(index).png"
      try FundusImage(width: 40, height: 36, pixels: pixels)
        .writePNG(to: directory.appendingPathComponent(name))
      rows.append("\(name),\(isBright ? "bright" : "dark")")
    }
    let manifest = directory.appendingPathComponent("rows.csv")
    try Data(rows.joined(separator: "\n").utf8).write(to: manifest)
    return (directory, manifest)
  }

  @Test func everyMethodRunsOnAModel() throws {
    let (directory, manifest) = try images()
    defer { try? FileManager.default.removeItem(at: directory) }
    let model = KeepFITTransferModel(try KeepFITModel(preset: .tiny, seed: 1))
    let other = KeepFITTransferModel(try KeepFITModel(preset: .tiny, seed: 2))
    #expect(model.fingerprint != other.fingerprint)
    #expect(
      model.fingerprint
        == KeepFITTransferModel(try KeepFITModel(preset: .tiny, seed: 1)).fingerprint
    )
    let data = try ExperimentData(manifest.path, imagesRoot: nil)
    #expect(data.dataset.classes == ["bright", "dark"])
    let configurations = TransferMethod.allCases.map { method in
      var configuration = TransferConfiguration(method: method)
      configuration.split = DataSplit.Options(
        train: .percent(50), validation: .percent(25), test: .percent(25))
      configuration.folds = 1
      configuration.bootstrapResamples = 0
      configuration.clipAdapter.epochs = 2
      configuration.tipAdapter.epochs = 2
      configuration.fineTuning.epochs = 1
      configuration.augmentsTraining = method == .fineTune
      return configuration
    }
    let source = ImageSource(model.model.configuration.preprocessing.with(imageSize: 32))
    let run = try TransferRun(
      experiment: data.experiment, dataset: data.dataset, model: model, source: source,
      configurations: configurations,
      cache: FeatureCache(directory: directory.appendingPathComponent("cache")))
    let before = model.imageState.map(\.exported.scalars)
    let report = try run.run()
    #expect(model.imageState.map(\.exported.scalars) == before)
    for result in report.results {
      #expect(result.folds[0].labels.count == 4, "\(result.method)")
      let probabilities = result.folds[0].probabilities.flatMap { $0 }
      #expect(probabilities.allSatisfy { $0.isFinite })
    }
  }

  @Test func explainsImagesOfAModel() throws {
    let model = KeepFITTransferModel(try KeepFITModel(preset: .tiny, seed: 1))
    var stream = RandomStream(seed: 1)
    let image = Tensor((0..<64 * 64 * 3).map { _ in stream.uniform() }, shape: [64, 64, 3])
    let text = try model.embeddings(of: ["A fundus photograph of glaucoma"]).reshaped([-1])
    let query = try Explanation.Query(
      "A fundus photograph of glaucoma", against: ["A fundus photograph of normal"], model: model)
    let map = try Explanation.gradientWeighted(image, query: query, model: model)
    // The second stage's grid: an eighth of the side.
    #expect(map.rows == 8 && map.columns == 8)
    let embedding = model.projected(model.features(of: image.reshaped([1, 64, 64, 3])))
    let similarity = (embedding * text.reshaped([1, -1])).sum().item
    #expect(abs(try #require(map.similarity) - similarity) < 1e-5)
  }

  @Test func embeddingsFollowFromEveryStage() throws {
    let model = KeepFITTransferModel(try KeepFITModelTests().golden())
    var stream = RandomStream(seed: 2)
    let image = Tensor((0..<64 * 64 * 3).map { _ in stream.uniform() }, shape: [1, 64, 64, 3])
    let expected = model.projected(model.features(of: image)).scalars
    let direction = Tensor((0..<12).map { $0 == 3 ? 1 : 0 }, shape: [1, 12])
    let stages = model.stages(of: image)
    #expect(stages.count == 4)
    for (stage, activations) in stages.enumerated() {
      let found = model.features(afterStage: stage, activations, projected: true).scalars
      #expect(TransferMethodTests.distance(found, expected) < 1e-5, "stage \(stage)")
      // The gradient predicts what a small change does.
      let leaf = Parameter(activations)
      (model.features(afterStage: stage, leaf.tensor, projected: true) * direction).sum().backward()
      let gradient = try #require(leaf.gradient)
      let step = Tensor(
        activations.scalars.map { _ in 1e-3 * stream.normal() }, shape: activations.shape)
      func value(_ scale: Float) -> Float {
        model.features(afterStage: stage, activations + step * scale, projected: true).scalars[3]
      }
      let predicted = (gradient * step).sum().item
      #expect(abs((value(1) - value(-1)) / 2 - predicted) < 0.05 * abs(predicted) + 2e-6)
      #expect(model.imageState.allSatisfy { $0.parameter?.gradient == nil })
      #expect(model.model.vision.parameters.allSatisfy { $0.parameter.isTrainable })
    }
  }
}
