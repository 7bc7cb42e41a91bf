import Foundation
import FundusModels
import FundusTensor
import Testing

/// The published sizes against PyTorch; Scripts/goldens/reports.py full DIR writes the files.
@Suite struct ReportModelFullSizeTests {
  private static let folder = ProcessInfo.processInfo.environment["KEEPFIT_REPORT_GOLDENS"]

  /// The largest difference relative to the largest value.
  private func difference(_ actual: Tensor, _ expected: Tensor) -> Float {
    guard actual.shape == expected.shape else { return .infinity }
    var (worst, largest) = (Float(0), Float(1e-30))
    for (x, y) in zip(actual.scalars, expected.scalars) {
      largest = max(largest, abs(y))
      if !(abs(x - y) <= worst) { worst = (x - y).isNaN ? .infinity : abs(x - y) }
    }
    return worst / largest
  }

  @Test(.enabled(if: folder != nil, "set KEEPFIT_REPORT_GOLDENS to what reports.py full wrote"))
  func agreesWithPyTorch() throws {
    let folder = URL(filePath: try #require(Self.folder))
    let file = try SafetensorsFile(contentsOf: folder.appending(path: "expected.safetensors"))
    let state = try StateDictionary(
      contentsOf: folder.appending(path: "model/model.safetensors"))
    #expect(state.names.count == 454)
    let words = try #require(state["encoder_decoder.logit.bias"]).count
    let model = ReportModel(
      ReportModel.Configuration(vocabularySize: words), initialization: .placeholder)
    #expect(Set(model.checkpointEntries().map(\.name)) == Set(state.names))
    try model.loadWeights(state)
    model.setDropout(0)
    var images = try file.tensor(named: "images")
    images = images.reshaped([images.shape[0]] + Array(images.shape[2...]))
    let reports = try (0..<images.shape[0]).map {
      try file.integers(named: "report.\($0)").map { Int32($0) }
    }
    // What single precision costs PyTorch itself, and as much again.
    func limit(_ kind: String) throws -> Float {
      2 * max(try file.tensor(named: "noise.\(kind)").item, 1e-6)
    }
    let memory = model.encode(images: images, mode: .inference)
    let logits = model.logits(
      memory: memory, inputs: reports.map { Array($0.dropLast()) }, mode: .inference)
    let used = difference(
      logits.logSoftmax(axis: 1), try file.tensor(named: "eval.log_probabilities"))
    #expect(used <= (try limit("eval")))
    let usedLoss = model.loss(images: images, reports: reports, mode: .inference).mean.item
    #expect(abs(usedLoss - (try file.tensor(named: "eval.loss").item)) <= 1e-4)
    let loss = model.loss(
      images: images, reports: reports, mode: .training(RandomStream(seed: 1)))
    let lossDifference = abs(loss.mean.item - (try file.tensor(named: "train.loss").item))
    #expect(lossDifference <= 1e-5 * loss.mean.item)
    loss.mean.backward()
    var worst: (name: String, value: Float) = ("", 0)
    var buffers: Float = 0
    for entry in model.stateEntries() where !entry.name.hasSuffix(".pe") {
      if let buffer = entry.buffer {
        buffers = max(
          buffers, difference(buffer.value, try file.tensor(named: "updated." + entry.name)))
        continue
      }
      let gradient = try #require(entry.parameter?.gradient, "\(entry.name)")
      let found = gradient.rank == 4 ? gradient.transposed([3, 2, 0, 1]) : gradient
      let expected = try file.tensor(named: "gradient." + entry.name)
      // Adding to all keys changes nothing: rounding is all that their biases' gradients are.
      guard !entry.name.hasSuffix("linears.1.bias") else { continue }
      let own = difference(found, expected)
      if !(own <= worst.value) { worst = (entry.name, own) }
    }
    #expect(worst.value <= (try limit("gradient")), "\(worst)")
    #expect(buffers <= 1e-4)
  }
}
