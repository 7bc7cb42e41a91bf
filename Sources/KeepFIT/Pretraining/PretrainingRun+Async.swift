import Foundation

extension PretrainingRun {
  /// Trains on a thread of its own, so that the thread of the caller stays free.
  ///
  /// When the task is cancelled, the run ends after the present step as with ``stopRequest``: the steps
  /// so far are saved, and the outcome is ``PretrainingOutcome/interrupted(step:)``. ``onEvent`` is called
  /// on the thread that trains.
  /// - Parameter isolation: the caller's actor, which waits.
  /// - Throws: as the synchronous method does.
  public func run(isolation: isolated (any Actor)? = #isolation) async throws -> PretrainingOutcome
  {
    let stop = stopRequest
    // Nobody else uses the run until it ends: the caller waits here.
    nonisolated(unsafe) let run = self
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Result { try run.run() }) }
        thread.name = "pretraining"
        thread.stackSize = 8 << 20
        thread.start()
      }
    } onCancel: {
      stop.make()
    }
  }
}
