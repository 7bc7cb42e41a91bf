extension PretrainingRun {
  /// Trains on a separate thread, so that the caller's thread is not blocked.
  ///
  /// When the task is cancelled, the run ends after the current step as with ``stopRequest``: the completed
  /// steps are saved, and the outcome is ``PretrainingOutcome/interrupted(step:)``. ``onEvent`` is called
  /// on the thread that trains.
  /// - Parameter isolation: the caller's actor, which waits.
  /// - Throws: as the synchronous method does.
  public func run(isolation: isolated (any Actor)? = #isolation) async throws -> PretrainingOutcome
  {
    let stop = stopRequest
    // The run is not used concurrently: the caller waits here.
    nonisolated(unsafe) let run = self
    return try await withTaskCancellationHandler {
      try await onSeparateThread(named: "pretraining") { try run.run() }
    } onCancel: {
      stop.make()
    }
  }
}
