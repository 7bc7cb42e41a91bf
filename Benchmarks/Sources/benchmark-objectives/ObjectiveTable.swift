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
      "# Six objectives on drawn eyes", "",
      "Written by `Benchmarks/objectives`. Mean class accuracy in per cent, mean ± standard",
      "deviation over \(seeds) seeds. A seed draws its own images and first weights; the",
      "objectives of a seed share both.", "",
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
        + "\(data.unseen.count) unseen classes. On them, `keepfit` is ahead of `flair` for",
      "\(wins(.keepfit, over: .flair)) of \(seeds) seeds, `mixed` ahead of `flair` for "
        + "\(wins(.mixed, over: .flair)), `keepfit` ahead of `mixed` for "
        + "\(wins(.keepfit, over: .mixed)).", "",
      "Points gained on them, seed by seed, mean ± standard error:", "",
      "- expert pairs: `mixed` over `flair` \(advantage(.mixed, over: .flair))",
      "- revision on top of them: `keepfit` over `mixed` \(advantage(.keepfit, over: .mixed))",
      "- fusion: `mixed-fusion` over `mixed` \(advantage(.mixedFusion, over: .mixed)), "
        + "`keepfit-fusion` over `keepfit` \(advantage(.keepfitFusion, over: .keepfit))",
      "- revision without a contrast of the expert pairs: `revision` over `flair` "
        + "\(advantage(.revision, over: .flair))", "",
      "A gain of less than two standard errors is none that this study can show. The published",
      "models begin with FLAIR's weights and see real photographs for 26 epochs; these begin with",
      "random ones, and the revising attention learns from nothing within a few hundred steps.", "",
      "Every run: preset `\(settings.preset)` with random weights, \(settings.imageSize) px, "
        + "\(settings.epochs) epochs of \(data.publicCount) labeled",
      "images in batches of \(settings.batchSize), \(data.expertCount) expert pairs, "
        + "\(data.testPerClass) test images a class. Labels of the unseen",
      "classes occur in no labeled set; the expert captions describe them.", "",
    ]
    try Data(lines.joined(separator: "\n").utf8).write(to: file, options: .atomic)
  }
}
