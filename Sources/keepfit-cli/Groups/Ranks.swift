import KeepFIT

/// The processes of a command that may run on several ranks.
enum Ranks {
  /// Runs on all ranks, of which rank 0 writes to the terminal.
  static func run(_ body: (any Communicator) throws -> Void) throws {
    let communicator = Self.communicator()
    if communicator.rank > 0 { Console.isQuiet.store(true, ordering: .relaxed) }
    do {
      try body(communicator)
    } catch {
      // The others would wait for this rank forever.
      if communicator.size > 1 { communicator.abort(ErrorText.line(for: error)) }
      throw error
    }
    #if MPI
      (communicator as? MPICommunicator)?.finish()
    #endif
  }

  private static func communicator() -> any Communicator {
    #if MPI
      if MPICommunicator.isLaunched { return MPICommunicator() }
    #endif
    return SingleProcess()
  }
}
