import Foundation

/// The folder of a pretraining run: `config.json`, `metrics.jsonl`, `checkpoints/`, `report.html`.
///
/// A checkpoint is a model directory with the optimizer's state beside the weights. It is written
/// under a temporary name and renamed when whole, so that a run which is killed at any moment leaves
/// only whole checkpoints behind.
public struct RunDirectory: Sendable {
  /// The folder.
  public let url: URL

  /// Looks at a folder; nothing is read or written yet.
  public init(_ url: URL) { self.url = url }

  /// Where the settings are.
  public var configurationFile: URL { url.appending(path: "config.json") }
  /// A line for each step.
  public var metricsFile: URL { url.appending(path: "metrics.jsonl") }
  /// The page for people.
  public var reportFile: URL { url.appending(path: "report.html") }
  /// The folder of checkpoints.
  public var checkpoints: URL { url.appending(path: "checkpoints") }
  /// A link to the checkpoint that did best on the validation pairs.
  public var best: URL { checkpoints.appending(path: "best") }

  /// Prepares the folder for a new run.
  /// - Throws: ``PretrainingError/runDirectory(_:)`` when a run is there already and `force` is off.
  public func create(force: Bool) throws {
    let files = FileManager.default
    let present = (try? files.contentsOfDirectory(atPath: url.path)) ?? []
    if !present.isEmpty {
      guard force else {
        throw PretrainingError.runDirectory(
          "\(url.path) is not empty; continue its run with --resume or overwrite it with --force")
      }
      for name in [
        "config.json", "metrics.jsonl", "checkpoints", "report.html", "examples", "examples.json",
        "skipped.json",
      ] {
        let entry = url.appending(path: name)
        if files.fileExists(atPath: entry.path) { try files.removeItem(at: entry) }
      }
    }
    try files.createDirectory(at: checkpoints, withIntermediateDirectories: true)
  }

  /// Where the checkpoint after a step belongs.
  public func checkpoint(step: Int) -> URL {
    checkpoints.appending(
      path: "step-" + String(repeating: "0", count: max(0, 9 - "\(step)".count)) + "\(step)")
  }

  /// The steps for which there are whole checkpoints, ascending.
  public func checkpointSteps() -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
    return names.compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }.sorted()
  }

  /// The newest whole checkpoint.
  public func latest() -> (step: Int, url: URL)? {
    checkpointSteps().last.map { ($0, checkpoint(step: $0)) }
  }

  /// Writes a checkpoint whole or not at all: `fill` gets an empty folder, which then takes its name.
  package func writeCheckpoint(step: Int, fill: (URL) throws -> Void) throws {
    let files = FileManager.default
    let target = checkpoint(step: step)
    let temporary = checkpoints.appending(path: ".step-\(step).\(Self.processSuffix)")
    try? files.removeItem(at: temporary)
    do {
      try files.createDirectory(at: temporary, withIntermediateDirectories: true)
      try fill(temporary)
      if files.fileExists(atPath: target.path) { try files.removeItem(at: target) }
      try files.moveItem(at: temporary, to: target)
    } catch {
      try? files.removeItem(at: temporary)
      throw error
    }
  }

  /// Makes ``best`` point to the checkpoint of a step.
  package func markBest(step: Int) throws {
    let temporary = checkpoints.appending(path: ".best.\(Self.processSuffix)")
    try? FileManager.default.removeItem(at: temporary)
    try FileManager.default.createSymbolicLink(
      atPath: temporary.path, withDestinationPath: checkpoint(step: step).lastPathComponent)
    guard rename(temporary.path, best.path) == 0 else {
      throw PretrainingError.runDirectory("\(best.path) cannot be replaced")
    }
  }

  /// The step that ``best`` points to.
  package func bestStep() -> Int? {
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: best.path)
    return target.flatMap { Int($0.dropFirst("step-".count)) }
  }

  private static var processSuffix: String { "\(ProcessInfo.processInfo.processIdentifier)" }

  /// Removes old checkpoints, and what killed processes have left half-written.
  package func prune(keeping count: Int) {
    let files = FileManager.default
    let best = bestStep()
    for step in checkpointSteps().dropLast(count) where step != best {
      try? files.removeItem(at: checkpoint(step: step))
    }
    for name in (try? files.contentsOfDirectory(atPath: checkpoints.path)) ?? []
    where name.hasPrefix(".") && !name.hasSuffix("." + Self.processSuffix) {
      try? files.removeItem(at: checkpoints.appending(path: name))
    }
  }
}
