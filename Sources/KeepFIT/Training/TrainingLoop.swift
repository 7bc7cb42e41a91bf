import Foundation

/// The computation of one kind of training. ``TrainingLoop`` counts the steps, writes the log, validates,
/// saves and resumes.
protocol TrainingTask: AnyObject {
  /// The number of steps of the run.
  var totalSteps: Int { get }
  /// The number of steps per epoch.
  var stepsPerEpoch: Int { get }
  /// The policy for checkpoints and early stopping.
  var saving: SavingPolicy { get }
  /// The subdirectory of a checkpoint that `checkpoints/best` links to; nil for the checkpoint itself.
  var bestFolder: String? { get }

  /// Starts loading batches after a number of completed steps.
  func startLoading(after step: Int)
  /// Stops background loading, and waits for its end.
  func stopLoading()
  /// Gives all ranks the same initial weights.
  func shareInitialWeights()
  /// Performs an optimizer step, counted from 1.
  /// - Throws: ``SharedFailure`` for a failure that all ranks know of.
  func makeStep(_ number: Int) throws -> StepMetrics
  /// Validates the model; nil if there is no validation.
  func validate() throws -> ValidationResult?
  /// Writes a checkpoint.
  func save(_ state: TrainingState) throws
  /// Restores a checkpoint.
  func restore(_ checkpoint: URL) throws -> TrainingState
}

/// The checkpoint and early stopping policy of a run.
struct SavingPolicy {
  /// The number of steps between checkpoints; nil for one checkpoint per epoch.
  var everySteps: Int?
  /// The number of minutes between additional checkpoints; nil for none.
  var everyMinutes: Double?
  /// The number of latest checkpoints to keep, besides the best.
  var keeps: Int
  /// Early stopping: the number of epochs without improvement after which the run ends; nil for none.
  var patience: Int?
  /// Whether a score equal to the best one is an improvement.
  var tiesImprove = false
}

/// The result of a validation.
struct ValidationResult {
  /// Named values for the log.
  var values: [(name: String, value: Float)]
  /// The value to maximize; nil if nothing was measured.
  var score: Float?
}

/// A failure that all ranks know of, so that they can wait for each other before the run ends.
struct SharedFailure: Error {
  let error: any Error
}

/// The loop of a training run: steps, checkpoints, logs, validation, early stopping, interruption.
///
/// All random numbers depend only on the seed and the step, and a checkpoint contains the rest of the state,
/// so a run that is interrupted at any time and resumed gives bit-identical results.
final class TrainingLoop {
  let directory: RunDirectory
  let communicator: any Communicator
  /// The request to stop early.
  let stopRequest = StopRequest()
  /// Called for each event, on the thread of ``run(_:)``, on rank 0.
  var onEvent: (PretrainingEvent) -> Void = { _ in }
  var state = TrainingState()
  var savedStep: Int?

  init(directory: RunDirectory, communicator: any Communicator) {
    self.directory = directory
    self.communicator = communicator
  }

  var isLeader: Bool { communicator.rank == 0 }

  /// Trains until the end, early stopping, or ``stopRequest``.
  ///
  /// After a failure, such as an unreadable image, the completed steps are saved before the error is thrown.
  func run(_ task: some TrainingTask) throws -> PretrainingOutcome {
    let total = task.totalSteps
    let log = isLeader ? try MetricsLog(directory.metricsFile, keepingThrough: state.step) : nil
    if state.step == 0 {
      if communicator.size > 1 { task.shareInitialWeights() }
      try save(task, isBest: false)
    }
    if isLeader { onEvent(.started(step: state.step, of: total)) }
    // A run that was resumed with a lower limit may have nothing left to do.
    if isOutOfPatience(task) && state.step < total { return .stoppedEarly(step: state.step) }
    task.startLoading(after: state.step)
    // A process that ends while threads are still decoding images may crash at exit.
    defer { task.stopLoading() }
    do {
      return try train(task, total, log)
    } catch {
      let shared = error as? SharedFailure
      // All ranks have the same state, so rank 0 saves it.
      if isLeader, savedStep != state.step { try? write(task, isBest: false) }
      if shared != nil { communicator.barrier() }
      throw shared?.error ?? error
    }
  }

  private func train(
    _ task: some TrainingTask, _ total: Int, _ log: MetricsLog?
  ) throws -> PretrainingOutcome {
    var lastSave = ContinuousClock.now
    while state.step < total {
      let metrics = try task.makeStep(state.step + 1)
      state.step += 1
      try log?.write(metrics.line)
      if isLeader { onEvent(.step(metrics, of: total)) }
      let endsEpoch = state.step % task.stepsPerEpoch == 0
      let isLast = state.step == total
      let stops = communicator.maximum(stopRequest.isMade ? 1 : 0) > 0
      var improved = false
      if endsEpoch || isLast { improved = try validate(task, log) }
      let isDue = task.saving.everySteps.map { state.step % $0 == 0 } ?? endsEpoch
      let isLate = task.saving.everyMinutes.map {
        ContinuousClock.now - lastSave >= .seconds($0 * 60)
      }
      let isOver = isOutOfPatience(task)
      let ends = isLast || stops || isOver
      if isDue || ends || improved || communicator.maximum(isLate == true ? 1 : 0) > 0 {
        try save(task, isBest: improved)
        lastSave = .now
      }
      if stops && !isLast { return .interrupted(step: state.step) }
      if isOver && !isLast { return .stoppedEarly(step: state.step) }
    }
    return .finished(step: state.step)
  }

  private func isOutOfPatience(_ task: some TrainingTask) -> Bool {
    task.saving.patience.map { state.epochsSinceBest >= $0 } ?? false
  }

  /// Validates the model; returns whether it is the best so far.
  private func validate(_ task: some TrainingTask, _ log: MetricsLog?) throws -> Bool {
    guard let result = try task.validate() else { return false }
    if isLeader {
      try log?.write(StepMetrics.validationLine(step: state.step, result.values))
      onEvent(.validated(step: state.step, result.values))
    }
    guard let score = result.score else { return false }
    // A non-finite value, such as a score over no images, is never the best.
    let isBetter = state.best.map { score > $0 || (task.saving.tiesImprove && score == $0) } ?? true
    if score.isFinite, isBetter {
      state.best = score
      state.epochsSinceBest = 0
      return true
    }
    state.epochsSinceBest += 1
    return false
  }

  private func save(_ task: some TrainingTask, isBest: Bool) throws {
    if isLeader { try write(task, isBest: isBest) }
    savedStep = state.step
    communicator.barrier()
  }

  private func write(_ task: some TrainingTask, isBest: Bool) throws {
    try task.save(state)
    if isBest { try directory.markBest(step: state.step, model: task.bestFolder) }
    try directory.prune(keeping: task.saving.keeps)
    onEvent(.saved(step: state.step, directory.checkpoint(step: state.step)))
  }
}
