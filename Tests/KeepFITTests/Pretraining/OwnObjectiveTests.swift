import Foundation
import KeepFIT
import TestSupport
import Testing

/// The pairwise sigmoid loss (SigLIP, arXiv 2303.15343): an objective from outside of the library, with a
/// parameter of its own.
private final class SigmoidObjective: Module, PretrainingObjective {
  let bias = Parameter(Tensor([-3], shape: []))
  let needsExpertStream = false

  func terms(_ batch: EncodedBatch, heads: ObjectiveHeads, mode: ExecutionMode) -> [LossTerm] {
    let stream = batch.labeled
    let logits =
      ContrastiveLoss.scaledSimilarity(
        stream.texts, stream.images, logitScale: heads.logitScale) + bias.tensor
    let signs = (stream.targets .> 0) * 2 - 1
    return [LossTerm("sigmoid", (-(signs * logits)).softplus().mean())]
  }
}

@Suite struct OwnObjectiveTests {
  private func run(
    _ directory: TemporaryDirectory, objective: (any PretrainingObjective)?, steps: Int = 6
  ) throws -> PretrainingRun {
    var configuration = PretrainingConfiguration()
    configuration.batchSize = 4
    configuration.maxSteps = steps
    configuration.learningRate = 1e-2
    configuration.warmupEpochs = 0
    configuration.imageSize = 32
    configuration.checkpointEverySteps = 3
    return try PretrainingRun(
      model: smallestModel(), configuration: configuration, objective: objective,
      source: DrawnBatches(), directory: RunDirectory(directory.url))
  }

  @Test func trainsItsOwnParametersAndResumesToTheSameBits() throws {
    let whole = try TemporaryDirectory()
    let objective = SigmoidObjective()
    var names: Set<String> = []
    let first = try run(whole, objective: objective)
    first.onEvent = { event in
      if case .step(let metrics, _) = event { names.formUnion(metrics.terms.map(\.name)) }
    }
    #expect(try first.run() == .finished(step: 6))
    #expect(names == ["sigmoid"])
    #expect(objective.bias.value.item != -3)

    let parted = try TemporaryDirectory()
    _ = try run(parted, objective: SigmoidObjective(), steps: 3).run()
    let again = SigmoidObjective()
    let second = try run(parted, objective: again)
    try second.resume()
    _ = try second.run()
    #expect(again.bias.value.item == objective.bias.value.item)
    #expect(
      second.model.parameters.map(\.parameter.value.scalars)
        == first.model.parameters.map(\.parameter.value.scalars))

    // Without its objective the run is refused rather than continued with another loss.
    let other = try run(parted, objective: FlairObjective(), steps: 9)
    #expect(throws: PretrainingError.self) { try other.resume() }
  }

  @Test func aCancelledTaskEndsTheRunWithItsStepsSaved() async throws {
    let directory = try TemporaryDirectory()
    let waiting = try run(directory, objective: SigmoidObjective(), steps: 100_000)
    nonisolated(unsafe) let training = waiting
    let task = Task { try await training.run() }
    while training.step < 2 { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    let outcome = try await task.value
    guard case .interrupted(let step) = outcome else {
      Issue.record("the run ended with \(outcome)")
      return
    }
    #expect(try RunDirectory(directory.url).latest()?.step == step)
  }
}
