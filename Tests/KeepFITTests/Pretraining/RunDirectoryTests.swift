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
    #expect(directory.checkpointSteps() == [3])
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
    directory.prune(keeping: 2)
    #expect(directory.checkpointSteps() == [2, 4, 5])
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
    #expect(metrics.columns["loss"]?.values == [1, 0.5] && metrics.unreadableLines == 1)
  }

  @Test func settingsThatNoRunCanHaveAreRefused() throws {
    try PretrainingConfiguration().validate()
    let broken: [(inout PretrainingConfiguration) -> Void] = [
      { $0.batchSize = 0 }, { $0.learningRate = -1 }, { $0.scheduleEpochs = 1 },
      { $0.dropout = 1 }, { $0.frozenTowers = [.text, .vision] }, { $0.startEpoch = 16 },
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
