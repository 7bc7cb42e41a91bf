import KeepFIT

/// The processes of a command that may run on several ranks.
enum Ranks {
  static func communicator() -> any Communicator {
    #if MPI
      if MPICommunicator.isLaunched { return MPICommunicator() }
    #endif
    return SingleProcess()
  }

  /// Aborts all ranks when one fails, since the others would wait for it forever.
  static func aborting<Result>(
    _ communicator: any Communicator, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch {
      if communicator.size > 1 { communicator.abort(ErrorText.line(for: error)) }
      throw error
    }
  }

  static func leave(_ communicator: any Communicator) {
    #if MPI
      (communicator as? MPICommunicator)?.finish()
    #endif
  }
}
