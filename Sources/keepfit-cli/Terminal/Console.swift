import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The output streams of the command: results on standard output, everything else on standard error.
enum Console {
  /// Set by `--quiet`: only results, warnings and errors are written.
  static let isQuiet = Atomic(false)

  /// Whether standard error is a terminal.
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// Writes a line of results.
  static func print(_ text: String) { write(text + "\n") }

  /// The width of the progress line on the terminal; 0 for none. Other output clears it first.
  private static let lineWidth = Mutex(0)

  /// Writes results as they are.
  static func write(_ text: String) {
    clearLine()
    writeAll(Array(text.utf8), to: STDOUT_FILENO)
  }

  /// Writes a line that is not a result to standard error.
  static func note(_ text: String) {
    if isQuiet.load(ordering: .relaxed) { return }
    clearLine()
    writeAll(Array((text + "\n").utf8), to: STDERR_FILENO)
  }

  /// Redraws the progress line in place. An empty text clears it.
  static func redrawLine(_ text: String) {
    if isQuiet.load(ordering: .relaxed) || !isInteractive { return }
    let text = String(text.prefix(max(1, columns - 1)))
    lineWidth.withLock { width in
      let padding = String(repeating: " ", count: max(0, width - text.count))
      if !text.isEmpty || width > 0 {
        writeAll(Array(("\r" + text + padding + "\r" + text).utf8), to: STDERR_FILENO)
      }
      width = text.count
    }
  }

  /// The width of the terminal in characters: a longer line would wrap, and only its last part be cleared.
  private static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
      ? Int(size.ws_col) : 80
  }

  /// Clears the progress line, if there is one.
  static func clearLine() { redrawLine("") }

  /// Writes a warning, also with `--quiet`.
  static func warn(_ message: String) { writeMessage("warning", message) }

  /// Writes an error line.
  static func error(_ message: String) { writeMessage("error", message) }

  private static func writeMessage(_ kind: String, _ message: String) {
    clearLine()
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    writeAll(Array("keepfit: \(kind): \(line)\n".utf8), to: STDERR_FILENO)
  }

  /// Turns a closed pipe into a write error, so that a long run survives the end of its reader.
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
        // The reader has closed the pipe, as `| head` does.
        _exit(0)
      } else if descriptor == STDOUT_FILENO {
        let reason = String(cString: strerror(errno))
        error("cannot write to standard output: \(reason)")
        _exit(CommandError.Code.failure.rawValue)
      } else {
        return
      }
    }
  }
}
