import Foundation
import KeepFIT
import TestSupport
import Testing

/// Averaged weights, damaged and older checkpoints, and failures in the middle of a run.
@Suite(.serialized) struct CheckpointResumeTests {
  let runs = PretrainingRunFixture()

  @Test func theAveragedWeightsAreAModelAndTheBestOne() throws {
    let run = try runs.run("average", runs.settings { $0.maxSteps = 4 })
    let images = DrawnBatches()
    let samples = try images.next().labeled.images
    /// Embeds at each validation, which sees the averaged weights.
    final class Witness: PretrainingValidation {
      let images: Tensor
      var seen: [Float] = []
      init(_ images: Tensor) { self.images = images }
      func measure(_ model: KeepFITModel) -> [(name: String, value: Float)] {
        seen = Autograd.withoutGradients { model.imageEmbeddings(images) }.scalars
        return [("score", 1)]
      }
    }
    let witness = Witness(samples)
    run.validation = witness
    _ = try run.run()
    func embedding(_ url: URL) throws -> [Float] {
      let model = try KeepFITModel.load(url)
      return Autograd.withoutGradients { model.imageEmbeddings(samples) }.scalars
    }
    let best = try embedding(run.directory.best)
    #expect(best == witness.seen)
    #expect(try embedding(run.directory.checkpoint(step: 4)) != best)
    // The statistics of batch norms are averaged with the weights that they belong to.
    let (average, last) = try (
      StateDictionary(contentsOf: run.directory.best.appending(path: "model.safetensors")),
      StateDictionary(
        contentsOf: run.directory.checkpoint(step: 4).appending(path: "model.safetensors"))
    )
    let name = "vision_model.model.bn1.running_mean"
    #expect(average[name] != nil && average[name]?.tensor().scalars != last[name]?.tensor().scalars)
  }

  @Test func aCheckpointOfAnOlderVersionResumesWithItsAverage() throws {
    let first = try runs.run("older", runs.settings { $0.maxSteps = 2 })
    _ = try first.run()
    let folder = first.directory.checkpoint(step: 2)
    let parameters = first.model.parameters.map { CheckpointEntry($0.name, $0.parameter.value) }
    try Safetensors.write(
      parameters, metadata: [:], to: folder.appending(path: "average.safetensors"), force: false)
    try FileManager.default.removeItem(at: folder.appending(path: "ema"))
    let second = try runs.run("older", runs.settings { $0.maxSteps = 4 })
    try second.resume()
    #expect(try second.run() == .finished(step: 4))
    _ = try KeepFITModel.load(second.directory.checkpoint(step: 4).appending(path: "ema"))
  }

  /// Parameters that no step had moved were not in the optimizer's file.
  @Test func anOptimizerStateOfAnOlderVersionResumes() throws {
    let settings = runs.settings { $0.objective = .flair }
    let whole = try runs.run("whole", settings)
    _ = try whole.run()
    let first = try runs.run("old", settings)
    first.onEvent = { [stop = first.stopRequest] in
      if case .step(let metrics, _) = $0, metrics.step == 4 { stop.make() }
    }
    #expect(try first.run() == .interrupted(step: 4))
    let url = first.directory.checkpoint(step: 4).appending(path: "optimizer.safetensors")
    let all = try SafetensorsFile(contentsOf: url).tensors.map { ($0.name, $0.tensor().copy()) }
    let moved = all.filter { !$0.0.hasPrefix("step.") || $0.1.item != 0 }
    #expect(moved.count < all.count && moved.contains { $0.0.hasPrefix("step.") })
    try Safetensors.write(
      moved.map { CheckpointEntry($0.0, $0.1) }, metadata: [:], to: url, force: true)
    let second = try runs.run("old", settings)
    try second.resume()
    #expect(try second.run() == .finished(step: 6))
    #expect(try runs.bits(second) == runs.bits(whole))
  }

  @Test(arguments: [1, 2]) func aFailureKeepsTheStepsBeforeIt(pieces: Int) throws {
    let settings = runs.settings {
      $0.checkpointEverySteps = 1000; $0.accumulationSteps = pieces
    }
    let whole = try runs.run("whole", settings)
    _ = try whole.run()
    let directory = RunDirectory(runs.root.appending(path: "failing"))
    try directory.create(force: false)
    let source = DrawnBatches()
    // With two batches for a step, the first has gone through the model when the second fails.
    source.missingBatch = 4 * pieces + pieces - 1
    let failing = try PretrainingRun(
      model: smallestModel(), configuration: settings, source: source, directory: directory)
    #expect(throws: LoadingError.self) { try failing.run() }
    #expect(try directory.checkpointSteps() == [0, 4])
    let resumed = try runs.run("failing", settings)
    try resumed.resume()
    #expect(try resumed.run() == .finished(step: 6))
    #expect(try runs.bits(resumed) == runs.bits(whole))
  }

  @Test(
    arguments: [
      "model.safetensors", "optimizer.safetensors", "training.json", "ema/model.safetensors",
      "checksums.json",
    ], ["truncated", "one bit flipped"])
  func aDamagedCheckpointGivesWayToTheOneBefore(file: String, damage: String) throws {
    let whole = try runs.run("whole", runs.settings())
    _ = try whole.run()
    let first = try runs.run("damaged", runs.settings { $0.maxSteps = 4 })
    _ = try first.run()
    let damaged = first.directory.checkpoint(step: 4).appending(path: file)
    var bytes = try Data(contentsOf: damaged)
    if damage == "truncated" {
      bytes = bytes.prefix(bytes.count / 2)
    } else {
      // Within the last number of a tensor, or the text of a JSON file.
      bytes[bytes.count - 3] ^= 1
    }
    try bytes.write(to: damaged)
    let second = try runs.run("damaged", runs.settings())
    var warnings: [String] = []
    second.onEvent = { if case .warned(let text) = $0 { warnings.append(text) } }
    try second.resume()
    #expect(second.step == 2)
    #expect(warnings.count == 1 && warnings[0].contains("step 4"))
    #expect(try second.run() == .finished(step: 6))
    #expect(try runs.bits(second) == runs.bits(whole))
    let names = try FileManager.default.contentsOfDirectory(
      atPath: second.directory.checkpoints.path)
    #expect(names.contains("damaged-step-000000004"))
  }
}
