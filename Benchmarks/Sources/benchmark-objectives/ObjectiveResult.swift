import Foundation
import KeepFIT

/// What one objective reached from one seed: mean class accuracies from 0 to 1.
struct ObjectiveResult: Codable {
  var objective: String
  var seed: UInt64
  var seconds: Double
  /// By experiment (`seen`, `unseen`): zero-shot, and a linear probe on five images a class.
  var zeroShot: [String: Double]
  var fewShot: [String: Double]

  init(
    objective: ObjectiveName?, seed: UInt64, seconds: Double, scores: [ObjectiveStudy.Score]
  ) {
    self.objective = Self.name(objective)
    self.seed = seed
    self.seconds = seconds
    zeroShot = .init(
      uniqueKeysWithValues: scores.map { ($0.experiment, $0.metrics.averageClassAccuracy) })
    fewShot = .init(uniqueKeysWithValues: scores.map { ($0.experiment, $0.probe) })
  }

  static func name(_ objective: ObjectiveName?) -> String { objective?.rawValue ?? "untrained" }

  static func file(_ folder: URL, _ objective: ObjectiveName?, _ seed: UInt64) -> URL {
    folder.appending(path: "\(name(objective))-\(seed).json")
  }

  func write(to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    try encoder.encode(self).write(to: file, options: .atomic)
  }

  /// For people who watch.
  var line: String {
    func percent(_ values: [String: Double]) -> String {
      values.sorted { $0.key < $1.key }.map { "\($0.key) \(Int(($0.value * 100).rounded())) %" }
        .joined(separator: ", ")
    }
    return "seed \(seed) \(objective): zero-shot \(percent(zeroShot)); "
      + "few-shot \(percent(fewShot)); \(Int(seconds)) s"
  }
}
