extension Communicator {
  /// Runs `body` on every rank; an error on all when it fails on any, so that none waits for one that has
  /// failed.
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

  /// Gives all ranks the weights and statistics of the first.
  func shareState(of model: some Module) {
    for entry in model.stateEntries() {
      if let parameter = entry.parameter { parameter.value = broadcast(parameter.value) }
      if let buffer = entry.buffer { buffer.value = broadcast(buffer.value) }
    }
  }
}
