import Foundation
import KeepFIT
import TestSupport
import Testing

@Suite(.serialized) struct PretrainingRunTests {
  let runs = PretrainingRunFixture()

  @Test(arguments: ObjectiveName.allCases) func everyObjectiveLearns(name: ObjectiveName) throws {
    let run = try runs.run(
      "learn",
      runs.settings {
        $0.objective = name; $0.maxSteps = 24
      })
    var losses: [Float] = []
    run.onEvent = { if case .step(let metrics, _) = $0 { losses.append(metrics.loss) } }
    #expect(try run.run() == .finished(step: 24))
    #expect(losses.count == 24)
    #expect(losses.suffix(4).reduce(0, +) < losses.prefix(4).reduce(0, +))
  }

  @Test func aResumedRunEndsWithTheSameBits() throws {
    let whole = try runs.run("whole", runs.settings())
    _ = try whole.run()
    let first = try runs.run("parts", runs.settings())
    first.onEvent = { [stop = first.stopRequest] in
      if case .step(let metrics, _) = $0, metrics.step == 3 { stop.make() }
    }
    #expect(try first.run() == .interrupted(step: 3))
    let second = try runs.run("parts", runs.settings())
    try second.resume()
    #expect(try second.run() == .finished(step: 6))
    #expect(try runs.bits(second) == runs.bits(whole))
    let lines = try [whole, second].map {
      try String(contentsOf: $0.directory.metricsFile, encoding: .utf8)
        .split(separator: "\n").map { $0.prefix(while: { $0 != "s" }) }
    }
    #expect(lines[0] == lines[1])
  }

  @Test(arguments: [1, 2, 4]) func bitsDoNotDependOnThreads(threads: Int) throws {
    func bits(_ name: String, threads: Int) throws -> [String: Data] {
      try withThreads(threads) {
        try? FileManager.default.removeItem(at: runs.root.appending(path: name))
        let run = try runs.run(name, runs.settings { $0.maxSteps = 2 })
        _ = try run.run()
        return try runs.bits(run)
      }
    }
    #expect(try bits("one", threads: 1) == bits("many", threads: threads))
  }

  @Test func recomputationChangesNoBit() throws {
    let kept = try runs.run("kept", runs.settings { $0.maxSteps = 3 })
    _ = try kept.run()
    let recomputed = try runs.run(
      "again",
      runs.settings {
        $0.maxSteps = 3; $0.recomputesActivations = true
      })
    _ = try recomputed.run()
    #expect(try runs.bits(kept) == runs.bits(recomputed))
  }

  @Test func aLossThatIsNoNumberEndsTheRunAndSparesTheCheckpoint() throws {
    let directory = RunDirectory(runs.root.appending(path: "poisoned"))
    try directory.create(force: false)
    let source = DrawnBatches()
    source.poisonedBatch = 4
    let run = try PretrainingRun(
      model: smallestModel(), configuration: runs.settings(), source: source, directory: directory)
    #expect {
      try run.run()
    } throws: { error in
      "\(error)".contains("step 5") && "\(error)".contains("step-000000004")
    }
    let resumed = try runs.run("poisoned", runs.settings())
    try resumed.resume()
    #expect(try resumed.run() == .finished(step: 6))
  }

  @Test func aFrozenEncoderStaysAsItIs() throws {
    let run = try runs.run(
      "frozen",
      runs.settings {
        $0.frozenEncoders = [.vision]; $0.maxSteps = 2
      })
    func state(_ prefix: String) -> [[Float]] {
      run.model.stateEntries().filter { $0.name.hasPrefix(prefix) }.map(\.exported.scalars)
    }
    let (vision, text) = (state("vision_model."), state("text_model."))
    _ = try run.run()
    #expect(state("vision_model.") == vision)
    #expect(state("text_model.") != text)
  }

  @Test func averagesSpreadTheStepsOfAccumulation() throws {
    let run = try runs.run(
      "pieces",
      runs.settings {
        $0.accumulationSteps = 2; $0.maxSteps = 4
      })
    var rates: [Float] = []
    run.onEvent = { if case .step(let metrics, _) = $0 { rates.append(metrics.learningRate) } }
    #expect(try run.run() == .finished(step: 4))
    // Two optimizer steps in an epoch of four batches: the warm-up ends with the second.
    #expect(abs(rates[0] - 5e-4) < 1e-9 && abs(rates[1] - 1e-3) < 1e-9)
  }

  /// Gives one value after the other.
  final class Verdicts: PretrainingValidation {
    private var values: [Float]
    init(_ values: [Float]) { self.values = values }
    func measure(_ model: KeepFITModel) -> [(name: String, value: Float)] {
      [("score", values.removeFirst())]
    }
  }

  @Test func theRunStopsEarlyAndKeepsTheBestModel() throws {
    let settings = runs.settings {
      $0.maxSteps = 40; $0.patience = 2; $0.checkpointEverySteps = 1000; $0.keepsCheckpoints = 1
    }
    let run = try runs.run("early", settings)
    // The second epoch is the best; what is undefined or equal is no better.
    run.validation = Verdicts([0.1, 0.5, .nan, 0.5])
    #expect(try run.run() == .stoppedEarly(step: 16))
    #expect(try run.directory.checkpointSteps() == [8, 16])
    #expect(run.directory.bestStep() == 8)
    let lines = try String(contentsOf: run.directory.metricsFile, encoding: .utf8)
    #expect(lines.contains(#"{"step":12,"validation":{"score":null}}"#))
    // Resumed as it is, there is nothing to do; with more patience it goes on.
    let again = try runs.run("early", settings)
    try again.resume()
    #expect(try again.run() == .stoppedEarly(step: 16))
    var patient = settings
    patient.patience = 3
    let more = try runs.run("early", patient)
    try more.resume()
    more.validation = Verdicts([0.2])
    #expect(try more.run() == .stoppedEarly(step: 20))
    #expect(more.directory.bestStep() == 8)
  }

  @Test func aScoreThatIsNeverDefinedChoosesNothing() throws {
    let run = try runs.run("undefined", runs.settings { $0.maxSteps = 8 })
    run.validation = Verdicts([-.nan, .infinity])
    #expect(try run.run() == .finished(step: 8))
    #expect(run.directory.bestStep() == nil)
  }

  @Test func stepsWithoutALearningRateAreSaid() {
    let long = runs.settings {
      $0.maxSteps = 9
      $0.scheduleEpochs = 2
    }
    #expect(long.scheduleNote(batchesPerEpoch: 4)?.contains("from step 8 on") == true)
    #expect(long.scheduleNote(batchesPerEpoch: 5) == nil)
  }
}
