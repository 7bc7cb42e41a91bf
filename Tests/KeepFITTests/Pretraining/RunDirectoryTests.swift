import Foundation
import KeepFIT
import Testing

@Suite struct RunDirectoryTests {
  let directory: RunDirectory

  init() {
    directory = RunDirectory(
      FileManager.default.temporaryDirectory.appending(path: "keepfit-run-\(UUID().uuidString)"))
  }

  @Test func refusesToOverwriteARun() throws {
    defer { try? FileManager.default.removeItem(at: directory.url) }
    try directory.create(force: false)
    #expect(throws: PretrainingError.self) { try directory.create(force: false) }
    try directory.create(force: true)
  }

  private func write(_ text: String, _ name: String) throws {
    let file = directory.url.appending(path: name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  /// Files that no run has made survive, whatever their names.
  @Test(arguments: ["config.json", "report.html", "checkpoints/model.pth", "notes.txt"])
  func filesOfOthersAreNeverRemoved(name: String) throws {
    defer { try? FileManager.default.removeItem(at: directory.url) }
    try write("{}", name)
    #expect(throws: PretrainingError.self) { try directory.createUnlessOccupied() }
    #expect(throws: PretrainingError.self) { try directory.create(force: false) }
    if name == "notes.txt" || name == "report.html" {
      try? directory.create(force: true)
    } else {
      #expect(throws: PretrainingError.self) { try directory.create(force: true) }
    }
    if name != "report.html" {
      #expect(FileManager.default.fileExists(atPath: directory.url.appending(path: name).path))
    }
  }

  @Test func aRunWithoutACheckpointCanBeginAgain() throws {
    defer { try? FileManager.default.removeItem(at: directory.url) }
    try directory.createUnlessOccupied()
    let record = PretrainingRecord(
      model: "model", vocabulary: nil, training: .init(), inputs: .init())
    try record.write(to: directory.configurationFile)
    try write("{", "metrics.jsonl")
    try write("half", "checkpoints/.step-0.4711/model.safetensors")
    try directory.createUnlessOccupied()
    #expect(!FileManager.default.fileExists(atPath: directory.metricsFile.path))
  }

  @Test func aFolderThatCannotBeListedIsNoEmptyOne() throws {
    defer { try? FileManager.default.removeItem(at: directory.url) }
    // A file in its place fails for the superuser too, as rights do not.
    try Data().write(to: directory.url)
    #expect(throws: (any Error).self) { try directory.create(force: false) }
    try FileManager.default.removeItem(at: directory.url)
    try directory.create(force: false)
    try FileManager.default.removeItem(at: directory.checkpoints)
    try Data().write(to: directory.checkpoints)
    #expect(throws: (any Error).self) { try directory.latest() }
  }

  @Test func oneProcessHoldsTheLockAndItEndsWithIt() throws {
    defer { try? FileManager.default.removeItem(at: directory.url) }
    var lock: DirectoryLock? = try directory.lock()
    #expect(lock?.isMissing == false)
    #expect {
      try directory.lock()
    } throws: {
      "\($0)".contains("process \(ProcessInfo.processInfo.processIdentifier)")
    }
    try directory.create(force: true)
    lock = nil
    _ = try directory.lock()
  }

  @Test func metricsAreReadFromWhereTheyEndedLast() throws {
    defer { try? FileManager.default.removeItem(at: directory.url) }
    try write("{\"step\":1,\"loss\":3}\n{\"step\":2,\"lo", "metrics.jsonl")
    var metrics = RunMetrics()
    try metrics.update(from: directory.metricsFile)
    #expect(metrics.lastStep == 1 && metrics.unreadableLines == 0)
    let handle = try FileHandle(forWritingTo: directory.metricsFile)
    // What was read already is not read again.
    try handle.write(contentsOf: Data("????????".utf8))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("ss\":2}\n".utf8))
    try metrics.update(from: directory.metricsFile)
    #expect(metrics.columns["loss"]?.values == [3, 2] && metrics.unreadableLines == 0)
    try write("{\"step\":1,\"loss\":9}\n", "metrics.jsonl")
    try metrics.update(from: directory.metricsFile)
    #expect(metrics.columns["loss"]?.values == [9])
  }

  @Test func skippedImagesGatherOverResumptions() throws {
    defer { try? FileManager.default.removeItem(at: directory.url) }
    try directory.create(force: false)
    let (a, b) = (SkippedImage(id: "a", reason: "x"), SkippedImage(id: "b", reason: "y"))
    try SkippedImage.merge([b], into: directory.skippedFile)
    try SkippedImage.merge([a, b], into: directory.skippedFile)
    try write("{\"step\":1,\"loss\":9}\n", "metrics.jsonl")
    let report = try PretrainingReport(run: directory.url)
    #expect(
      report.skipped.map(\.image) == ["b", "a"] && report.skipped.map(\.reason) == ["y", "x"])
  }

  @Test func changesOfARunAreNamedAsOptions() throws {
    var earlier = PretrainingRecord(
      model: "model", vocabulary: nil, training: .init(), inputs: .init())
    earlier.inputs.labeled = [.init(manifest: "a.csv", root: "a")]
    #expect(earlier.changes(from: earlier).isEmpty)
    var later = earlier
    later.training.learningRate = 0.5
    later.training.epochs = 20
    later.inputs.labeled[0].root = "b"
    later.inputs.skipsBadImages = true
    let changes = later.changes(from: earlier)
    #expect(changes.filter { !$0.isAllowed }.map(\.option) == ["--lr"])
    #expect(
      Set(changes.filter(\.isAllowed).map(\.option))
        == ["--epochs", "--public-root", "--on-bad-image"])
    #expect(changes.contains { $0.description == "--epochs was 15 and is now 20" })
  }

  @Test func aCheckpointThatFailsHalfWayLeavesNothingBehind() throws {
    defer { try? FileManager.default.removeItem(at: directory.url) }
    try directory.create(force: false)
    struct DiskFull: Error {}
    try directory.writeCheckpoint(step: 3) {
      try Data("good".utf8).write(to: $0.appending(path: "weights"))
    }
    #expect(throws: DiskFull.self) {
      try directory.writeCheckpoint(step: 4) {
        try Data("half".utf8).write(to: $0.appending(path: "weights"))
        throw DiskFull()
      }
    }
    #expect(try directory.checkpointSteps() == [3])
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.checkpoints.path)
    #expect(names == ["step-000000003"])
  }

  @Test func pruningKeepsTheLatestAndTheBest() throws {
    defer { try? FileManager.default.removeItem(at: directory.url) }
    try directory.create(force: false)
    for step in 1...5 { try directory.writeCheckpoint(step: step) { _ in } }
    try directory.markBest(step: 1)
    try directory.markBest(step: 2)
    let stale = directory.checkpoints.appending(path: ".step-9.4711")
    try FileManager.default.createDirectory(at: stale, withIntermediateDirectories: true)
    try directory.prune(keeping: 2)
    #expect(try directory.checkpointSteps() == [2, 4, 5])
    #expect(!FileManager.default.fileExists(atPath: stale.path))
    #expect(directory.bestStep() == 2)
  }

  @Test func aResumedLogDropsWhatComesAfterTheCheckpoint() throws {
    defer { try? FileManager.default.removeItem(at: directory.url) }
    try directory.create(force: false)
    func metrics(_ step: Int) -> String {
      StepMetrics(
        step: step, epoch: 1, learningRate: 0.1, loss: 2, terms: [("public", 1.5)],
        gradientNorm: 3, samplesPerSecond: 10
      ).line
    }
    var log: MetricsLog? = try MetricsLog(directory.metricsFile, keepingThrough: 0)
    for step in 1...4 { try log?.write(metrics(step)) }
    try log?.write("{\"step\":5,\"lo")
    log = try MetricsLog(directory.metricsFile, keepingThrough: 3)
    try log?.write(metrics(4))
    let lines = try String(contentsOf: directory.metricsFile, encoding: .utf8)
    #expect(lines == (1...4).map { metrics($0) + "\n" }.joined())
    let object = try JSONSerialization.jsonObject(with: Data(metrics(7).utf8)) as? [String: Any]
    #expect(object?["public"] as? Double == 1.5)
    #expect(object?["grad_norm"] as? Int == 3)
  }

  @Test func valuesThatAreNotFiniteLeaveAReadableLog() throws {
    defer { try? FileManager.default.removeItem(at: directory.url) }
    try directory.create(force: false)
    let step = StepMetrics(
      step: 1, epoch: 1, learningRate: 0.1, loss: .infinity, terms: [("public", -.nan)],
      gradientNorm: .nan, samplesPerSecond: .infinity)
    // Older logs hold bare nan, which is no JSON; the lines after it count all the same.
    let lines = [
      step.line, #"{"step":1,"validation":{"zero_shot":-nan}}"#, #"{"step":2,"loss":1}"#,
    ]
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: directory.metricsFile)
    let log = try MetricsLog(directory.metricsFile, keepingThrough: 2)
    try log.write(#"{"step":3,"loss":0.5}"#)
    let text = try String(contentsOf: directory.metricsFile, encoding: .utf8)
    #expect(text == (lines + [#"{"step":3,"loss":0.5}"#]).joined(separator: "\n") + "\n")
    let object = try JSONSerialization.jsonObject(with: Data(step.line.utf8)) as? [String: Any]
    #expect(object?["loss"] is NSNull && object?["public"] is NSNull)
    let metrics = try RunMetrics(contentsOf: directory.metricsFile)
    #expect(metrics.columns["loss"]?.values.dropFirst() == [1, 0.5])
    #expect(metrics.columns["loss"]?.values[0].isNaN == true && metrics.unreadableLines == 1)
  }

  @Test func settingsThatNoRunCanHaveAreRefused() throws {
    try PretrainingConfiguration().validate()
    let broken: [(inout PretrainingConfiguration) -> Void] = [
      { $0.batchSize = 0 }, { $0.learningRate = -1 }, { $0.scheduleEpochs = 1 },
      { $0.dropout = 1 }, { $0.frozenEncoders = [.text, .vision] }, { $0.startEpoch = 16 },
      { $0.learningRate = .nan }, { $0.imageSize = 8 },
    ]
    for change in broken {
      var configuration = PretrainingConfiguration()
      change(&configuration)
      #expect(throws: PretrainingError.self) { try configuration.validate() }
    }
  }

  @Test func theNumberOfStepsFollowsEpochsAndLimit() {
    var configuration = PretrainingConfiguration()
    #expect(configuration.totalSteps(stepsPerEpoch: 10) == 150)
    configuration.startEpoch = 15
    #expect(configuration.totalSteps(stepsPerEpoch: 10) == 10)
    configuration.maxSteps = 6
    #expect(configuration.totalSteps(stepsPerEpoch: 10) == 6)
    configuration.maxSteps = 60
    #expect(configuration.totalSteps(stepsPerEpoch: 10) == 60)
  }
}
