import Foundation

/// Why a file of weights cannot be read, written or used. The text is one line that names the file,
/// what was expected and what was found.
public struct CheckpointError: Error, Equatable, Sendable, LocalizedError, CustomStringConvertible {
  /// What went wrong, for callers that act on it.
  public enum Kind: Equatable, Sendable {
    /// The file does not exist, or the system does not let it be read.
    case unreadable
    /// The bytes are not what the format demands.
    case malformed
    /// The file is sound but holds something that this package does not read.
    case unsupported
    /// A pickle asks for a global (a class or a function) that a state dictionary does not need.
    case refused(global: String)
    /// Names are missing, unexpected or have other shapes than the model.
    case mismatch
    /// The file exists and may not be replaced.
    case exists
    /// The system did not let the file be written, for example because the disk is full.
    case unwritable
  }

  /// What went wrong.
  public let kind: Kind
  /// The file, as the caller named it.
  public let file: String
  /// The rest of the sentence.
  public let reason: String

  /// An error about `file`.
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
  /// The text fit for one line of a message: control characters are escaped and a long text is cut.
  ///
  /// Names that come from a file pass through here, so that a hostile one can neither break the
  /// line nor fill the screen.
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
