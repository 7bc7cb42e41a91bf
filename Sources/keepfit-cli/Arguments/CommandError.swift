import Foundation

/// A failure that ends the command with one line on standard error and an exit code.
package struct CommandError: Error, CustomStringConvertible {
  /// What the shell sees: 1 for a failure while working, 2 for wrong usage or wrong input, and 128 + the
  /// signal's number for work that a signal ended early, as for a process that the signal killed.
  package enum Code: Int32, Sendable {
    case failure = 1
    case wrongInput = 2
    case interrupted = 130
    case terminated = 143
  }

  package let code: Code
  package let message: String

  /// Wrong usage: an option, a value or a file that cannot be what was meant.
  package static func usage(_ message: String) -> CommandError {
    CommandError(code: .wrongInput, message: message)
  }

  /// Something went wrong while working, though the command was right.
  package static func failure(_ message: String) -> CommandError {
    CommandError(code: .failure, message: message)
  }

  /// Training that a signal ended in good order.
  static func interrupted(by signal: Int32?, step: Int) -> CommandError {
    let isInterrupt = signal == SIGINT
    return CommandError(
      code: isInterrupt ? .interrupted : .terminated,
      message:
        "stopped by \(isInterrupt ? "SIGINT" : "SIGTERM") after step \(step), which is saved; "
        + "--resume continues from there")
  }

  package var description: String { message }
}
