extension Communicator {
  /// Runs `body` on every rank. Throws on all ranks if it fails on one, so that no rank waits forever.
  /// - Throws: ``SharedFailure``.
  func together<Result>(_ body: () throws -> Result) throws -> Result {
    let result = Swift.Result { try body() }
    let isWhole = if case .success = result { true } else { false }
    let isWholeEverywhere = maximum(isWhole ? 0 : 1) == 0
    do {
      let value = try result.get()
      if isWholeEverywhere { return value }
    } catch {
      throw SharedFailure(error: error)
    }
    throw SharedFailure(error: PretrainingError.otherRank)
  }

  /// Broadcasts the weights and statistics of rank 0 to all ranks.
  func shareState(of model: some Module) {
    for entry in model.stateEntries() {
      if let parameter = entry.parameter { parameter.value = broadcast(parameter.value) }
      if let buffer = entry.buffer { buffer.value = broadcast(buffer.value) }
    }
  }
}
