import Foundation

/// The folder of a pretraining run: `config.json`, `metrics.jsonl`, `checkpoints/`, `report.html`,
/// `examples/`, `examples.json` and `skipped.json`.
///
/// One process writes to it at a time (see ``lock()``).
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
  /// The images that were left out, with the reasons.
  public var skippedFile: URL { url.appending(path: "skipped.json") }
  /// The folder of checkpoints.
  public var checkpoints: URL { url.appending(path: "checkpoints") }
  /// A link to the model that did best in validation: a checkpoint, or its averaged weights where the
  /// run keeps an average, since those are what is validated.
  public var best: URL { checkpoints.appending(path: "best") }

  private static let ownNames = [
    "config.json", "metrics.jsonl", "checkpoints", "report.html", "examples", "examples.json",
    "skipped.json",
  ]

  /// Takes the lock of the directory, which is made if need be. Hold it as long as the run is written.
  /// - Throws: ``PretrainingError/locked(_:)`` when another process holds it, or `CocoaError` when the
  ///   directory cannot be made.
  public func lock() throws -> RunLock {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return try RunLock(directory: url)
  }

  /// Prepares the folder for a new run.
  ///
  /// - Parameter force: whether a run that is there is removed. Files that no run has made are never
  ///   removed.
  /// - Throws: ``PretrainingError/runDirectory(_:)`` when the folder is not empty and `force` is off, or
  ///   when files in it have the names of a run's files and are not a run's; `CocoaError` when it cannot
  ///   be read or written.
  public func create(force: Bool) throws {
    if try !contents().isEmpty {
      guard force else {
        throw PretrainingError.runDirectory(
          "\(url.path) is not empty; continue its run with --resume or overwrite it with --force")
      }
      try removeRun()
    }
    try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
  }

  /// Prepares the folder for a run that is to be resumed but has no checkpoint yet: it may be missing
  /// or empty, or hold what a run left that ended before its first checkpoint.
  /// - Throws: ``PretrainingError/runDirectory(_:)`` when it holds anything else.
  public func createUnlessOccupied() throws {
    let names = hasRecord ? Self.ownNames : ["checkpoints"]
    guard try contents().allSatisfy(names.contains), try Self.contents(of: checkpoints).isEmpty
    else {
      throw PretrainingError.runDirectory(
        "\(url.path) holds files but no checkpoint to resume from; name the directory of a run, or a "
          + "new one")
    }
    try removeRun()
    try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
  }

  /// Whether `config.json` is the record of a run.
  private var hasRecord: Bool {
    (try? PretrainingRecord(contentsOf: configurationFile)) != nil
  }

  private func removeRun() throws {
    let present = try contents().filter { Self.ownNames.contains($0) }
    let isOurs =
      FileManager.default.fileExists(atPath: configurationFile.path)
      ? hasRecord
      : try Self.contents(of: checkpoints).allSatisfy { $0 == "best" || Self.step(of: $0) != nil }
    guard isOurs else {
      throw PretrainingError.runDirectory(
        "\(url.path): \(present.joined(separator: ", ")) there \(present.count == 1 ? "is" : "are") no "
          + "pretraining run's; name another directory")
    }
    for name in present { try FileManager.default.removeItem(at: url.appending(path: name)) }
  }

  /// The names in the folder, but for hidden ones such as the lock; none when it does not exist.
  private func contents() throws -> [String] { try Self.contents(of: url) }

  private static func contents(of folder: URL, hidden: Bool = false) throws -> [String] {
    let files = FileManager.default
    // Anything but a missing folder is told: taken for empty, a run would be lost.
    guard files.fileExists(atPath: folder.path) else { return [] }
    return try files.contentsOfDirectory(atPath: folder.path)
      .filter { hidden || !$0.hasPrefix(".") }.sorted()
  }

  // MARK: - Checkpoints

  /// Where the checkpoint after a step belongs.
  public func checkpoint(step: Int) -> URL {
    checkpoints.appending(
      path: "step-" + String(repeating: "0", count: max(0, 9 - "\(step)".count)) + "\(step)")
  }

  private static func step(of name: String) -> Int? {
    name.hasPrefix("step-") ? Int(name.dropFirst("step-".count)) : nil
  }

  /// The steps for which there are checkpoints, ascending.
  /// - Throws: `CocoaError` when the folder cannot be read.
  public func checkpointSteps() throws -> [Int] {
    try Self.contents(of: checkpoints).compactMap(Self.step).sorted()
  }

  /// The newest checkpoint.
  /// - Throws: `CocoaError` when the folder cannot be read.
  public func latest() throws -> (step: Int, url: URL)? {
    try checkpointSteps().last.map { ($0, checkpoint(step: $0)) }
  }

  /// Writes a checkpoint whole or not at all: `fill` gets an empty folder, which takes its name when all
  /// that it holds is on the disk. A run that is killed, or a machine that loses its power, at any moment
  /// leaves only whole checkpoints.
  package func writeCheckpoint(step: Int, fill: (URL) throws -> Void) throws {
    let files = FileManager.default
    let target = checkpoint(step: step)
    let temporary = checkpoints.appending(path: ".step-\(step).\(Self.processSuffix)")
    try? files.removeItem(at: temporary)
    do {
      try files.createDirectory(at: temporary, withIntermediateDirectories: true)
      try fill(temporary)
      try AtomicFile.synchronizeTree(temporary)
      // A folder can only take the name of an empty one: an earlier one of this step steps aside.
      if files.fileExists(atPath: target.path) {
        let old = checkpoints.appending(path: ".old-\(step).\(Self.processSuffix)")
        try? files.removeItem(at: old)
        try files.moveItem(at: target, to: old)
        try files.moveItem(at: temporary, to: target)
        try? files.removeItem(at: old)
      } else {
        try files.moveItem(at: temporary, to: target)
      }
      try AtomicFile.synchronize(checkpoints)
    } catch {
      try? files.removeItem(at: temporary)
      throw error
    }
  }

  /// Moves a damaged checkpoint out of the way, to `damaged-…` beside the others.
  /// - Returns: where it is now.
  func setAside(step: Int) throws -> URL {
    let files = FileManager.default
    let source = checkpoint(step: step)
    let target = checkpoints.appending(path: "damaged-" + source.lastPathComponent)
    if files.fileExists(atPath: target.path) { try files.removeItem(at: target) }
    try files.moveItem(at: source, to: target)
    return target
  }

  /// Makes ``best`` point to the checkpoint of a step, or to a model inside of it.
  package func markBest(step: Int, model: String? = nil) throws {
    let temporary = checkpoints.appending(path: ".best.\(Self.processSuffix)")
    try? FileManager.default.removeItem(at: temporary)
    try FileManager.default.createSymbolicLink(
      atPath: temporary.path,
      withDestinationPath: checkpoint(step: step).lastPathComponent + (model.map { "/" + $0 } ?? "")
    )
    guard rename(temporary.path, best.path) == 0 else {
      throw AtomicFile.failure(best.path)
    }
    try AtomicFile.synchronize(checkpoints)
  }

  /// The step that ``best`` points to.
  package func bestStep() -> Int? {
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: best.path)
    return target.flatMap { $0.split(separator: "/").first }.flatMap { Self.step(of: String($0)) }
  }

  private static var processSuffix: String { "\(ProcessInfo.processInfo.processIdentifier)" }

  /// Removes old checkpoints, and what killed processes have left half-written.
  package func prune(keeping count: Int) throws {
    let files = FileManager.default
    let best = bestStep()
    for step in try checkpointSteps().dropLast(count) where step != best {
      try? files.removeItem(at: checkpoint(step: step))
    }
    for name in try Self.contents(of: checkpoints, hidden: true)
    where name.hasPrefix(".") && !name.hasSuffix("." + Self.processSuffix) {
      try? files.removeItem(at: checkpoints.appending(path: name))
    }
  }
}
