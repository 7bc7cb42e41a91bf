import Foundation

/// An error of reading, writing or loading a checkpoint. The text is one line that names the file,
/// what was expected and what was found.
public struct CheckpointError: Error, Equatable, Sendable, LocalizedError, CustomStringConvertible {
  /// The kind of error, for callers that handle it.
  public enum Kind: Equatable, Sendable {
    /// The file does not exist, or the system does not let it be read.
    case unreadable
    /// The file is damaged.
    case malformed
    /// The file is valid but contains something that is not supported.
    case unsupported
    /// A pickle references a global (a class or function) that a state dictionary does not need.
    case refused(global: String)
    /// Tensors are missing, unexpected or of other shapes than in the model.
    case mismatch
    /// The file exists and may not be replaced.
    case exists
    /// The system did not let the file be written, for example because the disk is full.
    case unwritable
  }

  /// The kind of error.
  public let kind: Kind
  /// The name of the file.
  public let file: String
  /// The description of the problem.
  public let reason: String

  /// Creates an error of a file.
  public init(_ kind: Kind, file: String, _ reason: String) {
    self.kind = kind
    self.file = file
    self.reason = reason
  }

  /// The file and the reason, on one line.
  public var description: String { "\(file.quotable(limit: 400)): \(reason)" }

  /// The same as ``description``.
  public var errorDescription: String? { description }
}

extension String {
  /// The text for a one-line message: control characters are escaped and a long text is truncated.
  ///
  /// Names from files are escaped here, so that a malicious one can neither break the line nor fill the
  /// screen.
  package func quotable(limit: Int = 120) -> String {
    var result = ""
    var length = 0
    for scalar in unicodeScalars {
      if length == limit { return result + "…" }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
        .unassigned:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
      length += 1
    }
    return result
  }
}

/// The text of the last system error.
func systemErrorText(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
