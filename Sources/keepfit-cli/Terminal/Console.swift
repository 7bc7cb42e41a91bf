import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The two streams of the command: results on standard output, talk on standard error.
enum Console {
  /// Set by `--quiet`: only results and errors are written.
  static let isQuiet = Atomic(false)

  /// Whether a person watches standard error.
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// Writes a line of results.
  static func print(_ text: String) { write(text + "\n") }

  /// Writes results as they are.
  static func write(_ text: String) {
    writeAll(Array(text.utf8), to: STDOUT_FILENO)
  }

  /// Tells the person something that is no result.
  static func note(_ text: String) {
    if isQuiet.load(ordering: .relaxed) { return }
    writeAll(Array((text + "\n").utf8), to: STDERR_FILENO)
  }

  /// Writes to standard error without a line's end, for what is redrawn in place.
  static func draw(_ text: String) {
    if isQuiet.load(ordering: .relaxed) { return }
    writeAll(Array(text.utf8), to: STDERR_FILENO)
  }

  /// The one line of an error.
  static func error(_ message: String) {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    writeAll(Array("keepfit: error: \(line)\n".utf8), to: STDERR_FILENO)
  }

  /// Makes a closed pipe an error of the write, so that a long run outlives its reader.
  static func ignoreClosedPipes() { signal(SIGPIPE, SIG_IGN) }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EINTR || errno == EAGAIN {
        continue
      } else if descriptor == STDOUT_FILENO && errno == EPIPE {
        // The reader has all it wanted, as with `| head`.
        exit(0)
      } else if descriptor == STDOUT_FILENO {
        let reason = String(cString: strerror(errno))
        error("standard output cannot be written: \(reason)")
        exit(CommandError.Code.failure.rawValue)
      } else {
        return
      }
    }
  }
}
