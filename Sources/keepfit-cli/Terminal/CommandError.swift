import Foundation

/// An error that ends the command with one line on standard error and an exit code.
package struct CommandError: Error, CustomStringConvertible {
  /// The exit code: 1 for a failure at run time, 2 for invalid usage or input, and 128 + signal number for
  /// work that a signal ended early.
  package enum Code: Int32, Sendable {
    case failure = 1
    case wrongInput = 2
    case interrupted = 130
    case terminated = 143
  }

  package let code: Code
  package let message: String

  /// Invalid usage or input: an invalid option, value or file.
  package static func usage(_ message: String) -> CommandError {
    CommandError(code: .wrongInput, message: message)
  }

  /// A failure at run time of a valid command.
  package static func failure(_ message: String) -> CommandError {
    CommandError(code: .failure, message: message)
  }

  /// Work that a signal ended.
  /// - Parameters:
  ///   - signal: the number of the signal.
  ///   - state: what was done before, such as "after step 5, which is saved".
  static func interrupted(by signal: Int32?, _ state: String) -> CommandError {
    let isInterrupt = signal == SIGINT
    return CommandError(
      code: isInterrupt ? .interrupted : .terminated,
      message: "stopped by \(isInterrupt ? "SIGINT" : "SIGTERM") \(state)")
  }

  package var description: String { message }
}
