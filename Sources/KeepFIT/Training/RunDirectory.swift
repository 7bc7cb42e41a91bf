import Foundation

/// The directory of a pretraining run: `config.json`, `metrics.jsonl`, `checkpoints/`, `report.html`,
/// `examples/`, `examples.json` and `skipped.json`.
///
/// Only one process can write to it at a time (see ``lock()``).
public struct RunDirectory: Sendable {
  /// The directory.
  public let url: URL

  /// Creates a reference to a directory; nothing is read or written.
  public init(_ url: URL) { self.url = url }

  /// The settings.
  public var configurationFile: URL { url.appending(path: "config.json") }
  /// The log, one line per step.
  public var metricsFile: URL { url.appending(path: "metrics.jsonl") }
  /// The HTML report.
  public var reportFile: URL { url.appending(path: "report.html") }
  /// The images that were left out, with reasons.
  public var skippedFile: URL { url.appending(path: "skipped.json") }
  /// The directory of checkpoints.
  public var checkpoints: URL { url.appending(path: "checkpoints") }
  /// A link to the model with the best validation result: a checkpoint, or its EMA weights, which are the
  /// validated ones if the run keeps an EMA.
  public var best: URL { checkpoints.appending(path: "best") }

  private static let ownNames = [
    "config.json", "metrics.jsonl", "checkpoints", "report.html", "examples", "examples.json",
    "skipped.json",
  ]

  /// Locks the directory, which is created if needed. Hold the lock while writing to the run.
  /// - Throws: `DirectoryLock.Held` when another process holds it, or `CocoaError` when the
  ///   directory cannot be created.
  public func lock() throws -> DirectoryLock {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return try DirectoryLock(url)
  }

  /// Prepares the directory for a new run.
  ///
  /// - Parameter force: whether an existing run is removed. Files that do not belong to a run are never
  ///   removed.
  /// - Throws: ``PretrainingError/runDirectory(_:)`` when the directory is not empty and `force` is off, or
  ///   when it contains files with the names of a run's files that are not those of a run; `CocoaError` when
  ///   it cannot be read or written.
  public func create(force: Bool) throws {
    if try !contents().isEmpty {
      guard force else {
        throw PretrainingError.runDirectory(
          "\(url.path) is not empty; resume its run with --resume or overwrite it with --force")
      }
      try removeRun()
    }
    try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
  }

  /// Prepares the directory for resuming a run that has no checkpoint yet: it may be missing or empty, or
  /// contain the files of a run that ended before its first checkpoint.
  /// - Throws: ``PretrainingError/runDirectory(_:)`` when it contains anything else.
  public func createUnlessOccupied() throws {
    let names = hasRecord ? Self.ownNames : ["checkpoints"]
    guard try contents().allSatisfy(names.contains), try Self.contents(of: checkpoints).isEmpty
    else {
      throw PretrainingError.runDirectory(
        "\(url.path) contains files but no checkpoint to resume from; give the directory of a run, or a "
          + "new one")
    }
    try removeRun()
    try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
  }

  /// Whether `config.json` is the record of a run, of pretraining or of a report model.
  private var hasRecord: Bool {
    (try? PretrainingRecord(contentsOf: configurationFile)) != nil
      || (try? ReportTrainingRecord(contentsOf: configurationFile)) != nil
  }

  private func removeRun() throws {
    let present = try contents().filter { Self.ownNames.contains($0) }
    let isOurs =
      FileManager.default.fileExists(atPath: configurationFile.path)
      ? hasRecord
      : try Self.contents(of: checkpoints).allSatisfy { $0 == "best" || Self.step(of: $0) != nil }
    guard isOurs else {
      throw PretrainingError.runDirectory(
        "\(url.path): \(present.joined(separator: ", ")) \(present.count == 1 ? "does" : "do") not belong "
          + "to a pretraining run; choose another directory")
    }
    for name in present { try FileManager.default.removeItem(at: url.appending(path: name)) }
  }

  /// The names in the directory, without hidden ones such as the lock; none if it does not exist.
  private func contents() throws -> [String] { try Self.contents(of: url) }

  private static func contents(of folder: URL, hidden: Bool = false) throws -> [String] {
    let files = FileManager.default
    // Any other error is thrown: a run must not be lost because its directory seems to be empty.
    guard files.fileExists(atPath: folder.path) else { return [] }
    return try files.contentsOfDirectory(atPath: folder.path)
      .filter { hidden || !$0.hasPrefix(".") }.sorted()
  }

  // MARK: - Checkpoints

  /// The directory of the checkpoint after a step.
  public func checkpoint(step: Int) -> URL {
    checkpoints.appending(
      path: "step-" + String(repeating: "0", count: max(0, 9 - "\(step)".count)) + "\(step)")
  }

  private static func step(of name: String) -> Int? {
    name.hasPrefix("step-") ? Int(name.dropFirst("step-".count)) : nil
  }

  /// The steps of the checkpoints, ascending.
  /// - Throws: `CocoaError` when the directory cannot be read.
  public func checkpointSteps() throws -> [Int] {
    try Self.contents(of: checkpoints).compactMap(Self.step).sorted()
  }

  /// The newest checkpoint.
  /// - Throws: `CocoaError` when the directory cannot be read.
  public func latest() throws -> (step: Int, url: URL)? {
    try checkpointSteps().last.map { ($0, checkpoint(step: $0)) }
  }

  /// Writes a checkpoint atomically: `fill` writes to a temporary directory, which is renamed once its content
  /// is on disk. If the process is killed or the machine loses power, only complete checkpoints remain.
  package func writeCheckpoint(step: Int, fill: (URL) throws -> Void) throws {
    let files = FileManager.default
    let target = checkpoint(step: step)
    let temporary = checkpoints.appending(path: ".step-\(step).\(Self.processSuffix)")
    try? files.removeItem(at: temporary)
    do {
      try files.createDirectory(at: temporary, withIntermediateDirectories: true)
      try fill(temporary)
      try CheckpointChecksums.write(for: temporary)
      try AtomicFile.synchronizeTree(temporary)
      // A directory can only replace an empty one, so an earlier checkpoint of this step is moved aside.
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

  /// Moves a damaged checkpoint to `damaged-…` in the same directory.
  /// - Returns: its new location.
  func setAside(step: Int) throws -> URL {
    let files = FileManager.default
    let source = checkpoint(step: step)
    let target = checkpoints.appending(path: "damaged-" + source.lastPathComponent)
    if files.fileExists(atPath: target.path) { try files.removeItem(at: target) }
    try files.moveItem(at: source, to: target)
    return target
  }

  /// Links ``best`` to the checkpoint of a step, or to a model inside it.
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

  /// Removes old checkpoints, and incomplete ones of killed processes.
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
