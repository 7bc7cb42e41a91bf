import Foundation
import KeepFIT

/// A model that sees colors: each cell of its only stage is `relu(W rgb)`, texts name colors.
final class FakeModel: TrainableTransferModel, ExplainableModel, Module {
  let weight: Parameter
  let head: Parameter
  var freezesBatchNorm = false
  var logitScale: Float = 3
  var fingerprint: String
  static let colors: [String: [Float]] = [
    "red": [0.9, 0.1, 0.1], "green": [0.1, 0.9, 0.1], "blue": [0.1, 0.1, 0.9],
  ]

  init(seed: UInt64 = 1) {
    var stream = RandomStream(seed: seed)
    weight = Parameter(Tensor((0..<18).map { _ in stream.normal() }, shape: [6, 3]))
    head = Parameter(Tensor((0..<30).map { _ in stream.normal() }, shape: [5, 6]))
    fingerprint = "fake-\(seed)"
  }

  func visit(_ state: inout StateVisitor) {
    state.parameter("layer4.weight", weight)
    state.parameter("projection.weight", head)
  }

  var featureCount: Int { 6 }
  var imageState: [StateEntry] { stateEntries() }

  private func stage(_ images: Tensor) -> Tensor {
    linear(images, weight: weight.tensor).relu()
  }

  func stages(of images: Tensor) -> [Tensor] { [stage(images)] }

  func features(afterStage stage: Int, _ activations: Tensor, projected: Bool) -> Tensor {
    head.isTrainable = false
    defer { head.isTrainable = true }
    let raw = activations.mean(axis: 1).mean(axis: 1)
    return projected ? self.projected(raw) : raw
  }

  func features(of images: Tensor) -> Tensor { stage(images).mean(axis: 1).mean(axis: 1) }

  func projected(_ features: Tensor) -> Tensor {
    func unit(_ x: Tensor) -> Tensor {
      x / x.squared().sum(axis: -1, keepingAxis: true).squareRoot()
    }
    return unit(linear(unit(features), weight: head.tensor))
  }

  func trainingFeatures(of images: Tensor, projected: Bool, mode: ExecutionMode) -> Tensor {
    let raw = features(of: images)
    return projected ? self.projected(raw) : raw
  }

  /// The embedding of an image of the color that the text names.
  func embeddings(of texts: [String]) throws -> Tensor {
    let rows = texts.map { text in
      Self.colors.first { text.contains($0.key) }?.value ?? [0.5, 0.5, 0.5]
    }
    return projected(
      features(of: Tensor(rows.flatMap { $0 }, shape: [texts.count, 1, 1, 3])))
  }
}

/// A directory of small "images" (raw bytes) and a manifest.
struct FakeData {
  static let side = 4
  let directory: URL
  var manifest: URL { directory.appendingPathComponent("rows.csv") }

  init(counts: [String: Int], header: String = "image,label") throws {
    directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("transfer-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    var stream = RandomStream(seed: 8)
    var rows: [String] = []
    for (label, count) in counts.sorted(by: { $0.key < $1.key }) {
      for index in 0..<count {
        let color = FakeModel.colors[label] ?? [0.5, 0.5, 0.5]
        var bytes: [UInt8] = []
        for _ in 0..<Self.side * Self.side {
          for channel in 0..<3 {
            let value = color[channel] + 0.1 * stream.normal()
            bytes.append(UInt8(255 * min(max(value, 0), 1)))
          }
        }
        let name = "\(label)\(index).raw"
        try Data(bytes).write(to: directory.appendingPathComponent(name))
        rows.append("\(name),\(label)")
      }
    }
    let text = ([header] + rows).joined(separator: "\n") + "\n"
    try Data(text.utf8).write(to: manifest)
  }

  func remove() { try? FileManager.default.removeItem(at: directory) }

  static let source = ImageSource(
    identity: "raw",
    load: { url in
      let bytes = try Data(contentsOf: url)
      return Tensor(bytes.map { Float($0) / 255 }, shape: [side, side, 3])
    },
    augment: { image, stream in
      var stream = stream
      return image * (0.9 + 0.2 * stream.uniform())
    })
}
