import Foundation
import FundusSynthesis
import KeepFIT

/// The means and spreads of a study, as a page of Docs/.
struct ObjectiveTable {
  let results: [ObjectiveResult]
  let seeds: Int

  init(results folder: URL, seeds: Int) throws {
    self.seeds = seeds
    let objectives: [ObjectiveName?] = [nil] + ObjectiveName.allCases
    results = try objectives.flatMap { objective in
      try (1...seeds).map { seed in
        let file = ObjectiveResult.file(folder, objective, UInt64(seed))
        return try JSONDecoder().decode(ObjectiveResult.self, from: Data(contentsOf: file))
      }
    }
  }

  private static let columns: [(title: String, value: @Sendable (ObjectiveResult) -> Double)] = [
    ("zero-shot, unseen classes", { $0.zeroShot["unseen"] ?? .nan }),
    ("zero-shot, seen classes", { $0.zeroShot["seen"] ?? .nan }),
    ("5-shot probe, unseen classes", { $0.fewShot["unseen"] ?? .nan }),
    ("5-shot probe, seen classes", { $0.fewShot["seen"] ?? .nan }),
  ]

  /// Mean and sample standard deviation over the seeds, in per cent.
  private func cell(_ rows: [ObjectiveResult], _ value: (ObjectiveResult) -> Double) -> String {
    let values = rows.map { 100 * value($0) }
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
    let deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
    return String(format: "%.1f ± %.1f", mean, deviation)
  }

  /// How many seeds find `better` ahead of `worse` on the unseen classes.
  private func wins(_ better: ObjectiveName, over worse: ObjectiveName) -> Int {
    func scores(_ name: ObjectiveName) -> [UInt64: Double] {
      let rows = results.filter { $0.objective == name.rawValue }
      return .init(uniqueKeysWithValues: rows.map { ($0.seed, $0.zeroShot["unseen"] ?? .nan) })
    }
    let (first, second) = (scores(better), scores(worse))
    return first.filter { $0.value > (second[$0.key] ?? .nan) }.count
  }

  /// How much more `better` gets than `worse` on the unseen classes, seed by seed: mean and standard
  /// error in points of per cent.
  private func advantage(_ better: ObjectiveName, over worse: ObjectiveName) -> String {
    func scores(_ name: ObjectiveName) -> [Double] {
      results.filter { $0.objective == name.rawValue }.sorted { $0.seed < $1.seed }
        .map { 100 * ($0.zeroShot["unseen"] ?? .nan) }
    }
    let gains = zip(scores(better), scores(worse)).map { $0 - $1 }
    let mean = gains.reduce(0, +) / Double(gains.count)
    let squares = gains.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
    let error = (squares / Double(max(1, gains.count - 1)) / Double(gains.count)).squareRoot()
    return String(format: "%+.1f ± %.1f", mean, error)
  }

  func write(to file: URL) throws {
    let settings = ObjectiveStudy.Settings()
    let data = SyntheticDataset.Configuration()
    let names = ["untrained"] + ObjectiveName.allCases.map(\.rawValue)
    var lines = [
      "# Six objectives on synthetic fundus images", "",
      "Written by `Benchmarks/objectives`. Balanced accuracy in percent, mean ± standard deviation",
      "over \(seeds) seeds. Each seed has its own images and initial weights, which all objectives share.",
      "",
      "| objective | " + Self.columns.map(\.title).joined(separator: " | ") + " |",
      "| --- |" + String(repeating: " ---: |", count: Self.columns.count),
    ]
    for name in names {
      let rows = results.filter { $0.objective == name }
      lines.append(
        "| \(name) | " + Self.columns.map { cell(rows, $0.value) }.joined(separator: " | ") + " |")
    }
    lines += [
      "",
      "Chance is \(String(format: "%.1f", 100 / Double(data.unseen.count))) % on the "
        + "\(data.unseen.count) unseen classes. There, `keepfit` is better than `flair` for",
      "\(wins(.keepfit, over: .flair)) of \(seeds) seeds, `mixed` better than `flair` for "
        + "\(wins(.mixed, over: .flair)), `keepfit` better than `mixed` for "
        + "\(wins(.keepfit, over: .mixed)).", "",
      "Paired differences on the unseen classes, percentage points, mean ± standard error:", "",
      "- expert pairs: `mixed` over `flair` \(advantage(.mixed, over: .flair))",
      "- revision in addition: `keepfit` over `mixed` \(advantage(.keepfit, over: .mixed))",
      "- fusion: `mixed-fusion` over `mixed` \(advantage(.mixedFusion, over: .mixed)), "
        + "`keepfit-fusion` over `keepfit` \(advantage(.keepfitFusion, over: .keepfit))",
      "- revision without the contrastive loss of the expert pairs: `revision` over `flair` "
        + "\(advantage(.revision, over: .flair))", "",
      "A difference of less than two standard errors is not significant in this study. The published",
      "models start from FLAIR's weights and train on real photographs for 26 epochs; these start from",
      "random weights, and the revision attention has only a few hundred steps to train.", "",
      "Every run: preset `\(settings.preset)` with random weights, \(settings.imageSize) px, "
        + "\(settings.epochs) epochs of \(data.publicCount) labeled",
      "images with batch size \(settings.batchSize), \(data.expertCount) expert pairs, "
        + "\(data.testPerClass) test images per class. The labels of the unseen",
      "classes occur in no labeled dataset; only the expert captions describe them.", "",
    ]
    try Data(lines.joined(separator: "\n").utf8).write(to: file, options: .atomic)
  }
}
