import Foundation

/// What one kind of training computes. ``TrainingLoop`` counts the steps, writes the log, validates,
/// saves and resumes.
protocol TrainingTask: AnyObject {
  /// Steps in the whole run.
  var totalSteps: Int { get }
  /// Steps in an epoch.
  var stepsPerEpoch: Int { get }
  /// When the run is saved, and when it gives up.
  var saving: SavingPolicy { get }
  /// The folder of a checkpoint that `checkpoints/best` is to point to; nil for the checkpoint.
  var bestFolder: String? { get }

  /// Starts to load batches for the step after so many.
  func startLoading(after step: Int)
  /// Ends what goes on in the background, and returns when it has ended.
  func stopLoading()
  /// Makes all ranks begin with the same weights.
  func shareInitialWeights()
  /// Makes an optimizer step, counted from 1.
  /// - Throws: ``SharedFailure`` for a failure that all ranks know of.
  func makeStep(_ number: Int) throws -> StepMetrics
  /// Measures the model; nil when there is nothing to measure.
  func validate() throws -> ValidationResult?
  /// Writes a checkpoint.
  func save(_ state: TrainingState) throws
  /// Takes over a checkpoint.
  func restore(_ checkpoint: URL) throws -> TrainingState
}

/// When a run is saved, and when it gives up.
struct SavingPolicy {
  /// Steps between checkpoints; nil for the ends of epochs.
  var everySteps: Int?
  /// Minutes between checkpoints, beside the steps; nil for none.
  var everyMinutes: Double?
  /// How many of the latest checkpoints are kept, besides the best.
  var keeps: Int
  /// Epochs without improvement after which the run ends; nil for never.
  var patience: Int?
  /// Whether a score that is only as good as the best is an improvement.
  var tiesImprove = false
}

/// What a validation found.
struct ValidationResult {
  /// Named values for the log.
  var values: [(name: String, value: Float)]
  /// What is to be maximized; nil when nothing was measured.
  var score: Float?
}

/// A failure that all ranks know of, so that they can wait for each other before the run ends.
struct SharedFailure: Error {
  let error: any Error
}

/// The steps of a training run: checkpoints, logs, validation, early stop, interruption.
///
/// All that is random follows from the seed and the number of the step, and a checkpoint holds all
/// that is not; so a run that is interrupted at any moment, and resumed, ends with the same bits.
final class TrainingLoop {
  let directory: RunDirectory
  let communicator: any Communicator
  /// A wish to end early.
  let stopRequest = StopRequest()
  /// Called for each event, on the thread of ``run(_:)``, on rank 0.
  var onEvent: (PretrainingEvent) -> Void = { _ in }
  private(set) var state = TrainingState()
  private var savedStep: Int?

  init(directory: RunDirectory, communicator: any Communicator) {
    self.directory = directory
    self.communicator = communicator
  }

  private var isLeader: Bool { communicator.rank == 0 }

  /// Continues from the newest whole checkpoint. A damaged one is moved aside, to `damaged-…`, and told
  /// as ``PretrainingEvent/warned(_:)``; the one before it is taken then.
  /// - Throws: what is wrong with the newest one when none can be used, or fits the model.
  func resume(_ task: some TrainingTask) throws {
    var damaged: [(step: Int, error: any Error)] = []
    for step in try directory.checkpointSteps().reversed() {
      do {
        state = try task.restore(directory.checkpoint(step: step))
        savedStep = state.step
        break
      } catch {
        damaged.append((step, error))
      }
    }
    guard savedStep != nil else {
      throw damaged.first?.error
        ?? PretrainingError.runDirectory("\(directory.url.path) holds no checkpoint to resume from")
    }
    let newest = communicator.maximum(Float(state.step))
    guard newest == Float(state.step) else {
      throw PretrainingError.runDirectory(
        "\(directory.url.path): rank \(communicator.rank) could only read step \(state.step), another "
          + "one step \(Int(newest)); is the directory shared?")
    }
    guard isLeader else { return }
    for (step, error) in damaged {
      let place = try directory.setAside(step: step)
      onEvent(
        .warned(
          "The checkpoint of step \(step) cannot be used (\(Self.text(of: error))); it was moved to "
            + "\(place.path), and the run continues from step \(state.step)"))
    }
  }

  private static func text(of error: any Error) -> String {
    (error as? any LocalizedError)?.errorDescription ?? "\(error)"
  }

  /// Forgets how well validation went so far: for a resumed run that is validated otherwise than before.
  func forgetBest() {
    state.best = nil
    state.epochsSinceBest = 0
  }

  /// Trains until the end, early stop, or ``stopRequest``.
  ///
  /// A failure, such as an image that cannot be read, loses no step either: those that were made are
  /// saved before the error is thrown.
  func run(_ task: some TrainingTask) throws -> PretrainingOutcome {
    let total = task.totalSteps
    let log = isLeader ? try MetricsLog(directory.metricsFile, keepingThrough: state.step) : nil
    if state.step == 0 {
      if communicator.size > 1 { task.shareInitialWeights() }
      try save(task, isBest: false)
    }
    if isLeader { onEvent(.started(step: state.step, of: total)) }
    // A run that was resumed with a new limit may have nothing left to do.
    if isOutOfPatience(task) && state.step < total { return .stoppedEarly(step: state.step) }
    task.startLoading(after: state.step)
    // A process that ends while threads still decode images may crash on its way out.
    defer { task.stopLoading() }
    do {
      return try train(task, total, log)
    } catch {
      let shared = error as? SharedFailure
      // All ranks have the same state, so the leader's will do.
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

  /// Measures the model; returns whether it is the best so far.
  private func validate(_ task: some TrainingTask, _ log: MetricsLog?) throws -> Bool {
    guard let result = try task.validate() else { return false }
    if isLeader {
      try log?.write(StepMetrics.validationLine(step: state.step, result.values))
      onEvent(.validated(step: state.step, result.values))
    }
    guard let score = result.score else { return false }
    // What is not finite, such as a score over no images, is never the best.
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
