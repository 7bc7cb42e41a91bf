import Foundation
import FundusSynthesis
import KeepFIT
import Testing

/// A fine-tuned model is kept and used again in a line each.
@Suite struct FineTunedSavingTests {
  @Test func savesAndClassifiesAgain() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let urls = try (0..<4).map { index in
      let image = SyntheticFundus(seed: UInt64(index)).render(size: 64)
      let url = folder.appending(path: "\(index).png")
      try FundusImage(width: 64, height: 64, pixels: image.pixels).writePNG(to: url)
      return url
    }
    let model = try KeepFITModel(preset: .tiny)
    let before = try model.imageEmbeddings(contentsOf: urls).scalars
    var options = FineTuning.Options()
    options.epochs = 1
    let tuned = try FineTuning.fit(
      KeepFITTransferModel(model), training: .init(urls: urls, labels: [0, 1, 0, 1]),
      validation: .init(urls: [], labels: []), classCount: 2,
      source: ImageSource(model.configuration.preprocessing), projects: true, augments: false,
      options: options)
    let expected = try tuned.logits(urls).scalars
    try tuned.save(to: folder.appending(path: "tuned"), classes: ["normal", "glaucoma"])
    tuned.restore()
    #expect(try model.imageEmbeddings(contentsOf: urls).scalars == before)

    let adapter = try Adapter(contentsOf: folder.appending(path: "tuned"))
    let answer = try adapter.classify(contentsOf: urls, model: model, batchSize: 3)
    #expect(answer.labels == ["normal", "glaucoma"])
    for (found, wanted) in zip(answer.logits.flatMap(\.self), expected) {
      #expect(abs(found - wanted) <= 1e-5)
    }
    #expect(throws: (any Error).self) {
      try adapter.classify(contentsOf: urls, model: try KeepFITModel(preset: .tiny, seed: 9))
    }
  }
}
