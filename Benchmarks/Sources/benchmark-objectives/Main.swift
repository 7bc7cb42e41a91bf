import Foundation
import FundusSynthesis
import KeepFIT

/// All six objectives over several seeds on synthetic fundus images, and the table of what they reach.
///
///     benchmark-objectives FOLDER SEEDS DOCS
///
/// A seed draws its own images and its own first weights, which all objectives share. Every result
/// is kept in FOLDER/results, so that a study that was interrupted goes on where it was.
@main
enum Main {
  static func main() throws {
    let words = CommandLine.arguments
    guard words.count == 4, let seeds = Int(words[2]), seeds > 0 else {
      print("usage: benchmark-objectives FOLDER SEEDS DOCS")
      exit(2)
    }
    let folder = URL(fileURLWithPath: words[1])
    let results = folder.appending(path: "results")
    try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
    for seed in 1...seeds { try study(UInt64(seed), folder, results) }
    try ObjectiveTable(results: results, seeds: seeds)
      .write(to: URL(fileURLWithPath: words[3]).appending(path: "objectives.md"))
  }

  /// Trains and measures what this seed still lacks.
  static func study(_ seed: UInt64, _ folder: URL, _ results: URL) throws {
    let objectives: [ObjectiveName?] = [nil] + ObjectiveName.allCases
    let missing = objectives.filter {
      !FileManager.default.fileExists(atPath: ObjectiveResult.file(results, $0, seed).path)
    }
    guard !missing.isEmpty else { return }
    let out = folder.appending(path: "seed-\(seed)")
    let data = out.appending(path: "data")
    var settings = ObjectiveStudy.Settings()
    settings.seed = seed
    var dataset = SyntheticDataset.Configuration()
    dataset.seed = seed
    dataset.size = settings.imageSize
    dataset.writesMasks = false
    try SyntheticDataset.write(to: data, configuration: dataset, force: true) { _, _ in }
    let study = ObjectiveStudy(data: data, out: out, settings: settings)
    for objective in missing {
      let model: KeepFITModel
      var seconds = 0.0
      if let objective {
        let trained = try study.train(objective)
        (model, seconds) = (trained.model, trained.seconds)
      } else {
        model = try study.startingModel()
      }
      let result = ObjectiveResult(
        objective: objective, seed: seed, seconds: seconds, scores: try study.evaluate(model))
      try result.write(to: ObjectiveResult.file(results, objective, seed))
      print(result.line)
    }
    // Runs hold checkpoints of some hundred megabytes; their figures are kept.
    try FileManager.default.removeItem(at: out)
  }
}
