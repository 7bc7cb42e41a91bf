import Foundation

extension TrainingLoop {
  /// Resumes from the newest valid checkpoint. A damaged one is moved aside, to `damaged-…`, and reported as
  /// ``PretrainingEvent/warned(_:)``; the previous one is used instead.
  /// - Throws: the error of the newest checkpoint if none can be used or matches the model.
  func resume(_ task: some TrainingTask) throws {
    var damaged: [(step: Int, error: any Error)] = []
    for step in try directory.checkpointSteps().reversed() {
      do {
        let checkpoint = directory.checkpoint(step: step)
        try CheckpointChecksums.verify(checkpoint)
        state = try task.restore(checkpoint)
        savedStep = state.step
        break
      } catch {
        damaged.append((step, error))
      }
    }
    guard savedStep != nil else {
      throw damaged.first?.error
        ?? PretrainingError.runDirectory(
          "\(directory.url.path) contains no checkpoint to resume from")
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

  /// Resets the best validation result, for a resumed run whose validation has changed.
  func forgetBest() {
    state.best = nil
    state.epochsSinceBest = 0
  }
}
