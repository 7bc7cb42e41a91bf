import Foundation
import KeepFIT
import Testing

private let parityDirectory = ProcessInfo.processInfo.environment["KEEPFIT_PARITY"].map {
  URL(filePath: $0)
}

/// The full-size model on photographs, against PyTorch. By hand:
///
///     python Scripts/goldens/keepfit_model.py full DIR PHOTOGRAPH...
///     KEEPFIT_PARITY=DIR swift test -c release --filter FullSizeParityTests
@Suite(.serialized, .enabled(if: parityDirectory != nil, "needs KEEPFIT_PARITY"))
struct FullSizeParityTests {
  @Test(arguments: ["keepfit.safetensors", "keepfit.pth", "keepfit-legacy.pth"])
  func answersAsPyTorchDoes(name: String) throws {
    let directory = try #require(parityDirectory)
    let expected = try SafetensorsFile(
      contentsOf: directory.appending(path: "expected.safetensors"))
    let files = try JSONDecoder().decode(
      [String].self, from: Data(contentsOf: directory.appending(path: "images.json"))
    ).map { URL(filePath: $0) }
    let model = try KeepFITModel.load(directory.appending(path: name))
    let texts = model.labelEmbeddings(KeepFITModelTests.labels)
    let ensembles = model.labelEmbeddings(
      ["glaucoma", "normal", "macular hole"], knowledge: KeepFITModelTests.knowledge)
    var differences = [
      "text": KeepFITModelTests.difference(texts, try expected.tensor(named: "text")),
      "ensembles": KeepFITModelTests.difference(
        ensembles, try expected.tensor(named: "ensembles")),
    ]
    for preprocessing in [Preprocessing.transfer, .published] {
      let way = try #require(preprocessing.name)
      let images = try model.imageEmbeddings(contentsOf: files, preprocessing: preprocessing)
      differences["image-\(way)"] = KeepFITModelTests.difference(
        images, try expected.tensor(named: "image-\(way)"))
      let logits = KeepFITModelTests.difference(
        model.logits(images: images, texts: texts), try expected.tensor(named: "logits-\(way)"))
      #expect(logits <= 2e-3, "logits-\(way)")
    }
    for (what, difference) in differences.sorted(by: { $0.key < $1.key }) {
      #expect(difference <= 1e-5, "\(what)")
    }
  }
}
