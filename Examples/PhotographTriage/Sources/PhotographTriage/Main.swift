import Foundation
import FundusSynthesis
import KeepFIT

/// Sorts photographs by how much a model thinks that they show a disease.
///
/// Without arguments it draws its own images and uses random weights, which only shows that
/// everything works; with a model directory and images it does the real thing:
///
///     PhotographTriage model photograph1.jpg photograph2.jpg
@main
enum Main {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    let model: KeepFITModel
    let images: Tensor
    let names: [String]
    if let first = arguments.first {
      model = try KeepFITModel.load(URL(fileURLWithPath: first))
      names = Array(arguments.dropFirst())
      guard !names.isEmpty else { fatalError("name at least one image") }
      images = try model.configuration.preprocessing.prepare(
        contentsOf: names.map { URL(fileURLWithPath: $0) })
    } else {
      model = try KeepFITModel(preset: .tiny, seed: 1)
      let drawn = [
        SyntheticFundus(seed: 1),
        SyntheticFundus(findings: [.init(.hardExudates, severity: 0.9)], seed: 2),
      ].map { $0.render(size: model.configuration.imageSize) }
      names = ["a normal eye, drawn", "hard exudates, drawn"]
      images = try model.configuration.preprocessing.prepare(
        drawn.map { FundusImage(width: $0.size, height: $0.size, pixels: $0.pixels) })
      print("The weights are random: the figures below mean nothing.")
    }
    let result = model.classify(
      images, labels: ["normal", "diabetic retinopathy"], knowledge: .builtin)
    let order = names.indices.sorted { result.probabilities[$0][1] > result.probabilities[$1][1] }
    for index in order {
      print(String(format: "%.3f  ", result.probabilities[index][1]) + names[index])
    }
  }
}
