import Foundation

/// A problem in a text file, with its position.
public struct TextProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of problem.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// The text does not follow its format.
    case format
    /// A caption is missing.
    case missingCaption = "missing_caption"
    /// A path is invalid.
    case path
  }

  /// The line, counted from 1; nil for the whole file.
  public let line: Int?
  /// What was expected and what was found.
  public let message: String
  /// The kind of problem.
  public let kind: Kind

  /// Creates a problem of a line, or of the whole file.
  public init(line: Int?, message: String, kind: Kind = .format) {
    self.line = line
    self.message = message
    self.kind = kind
  }

  /// `line 12: …`
  public var description: String { line.map { "line \($0): \(message)" } ?? message }
}

/// An invalid manifest, table or list, with all its problems.
public struct TextFileError: Error, Sendable, LocalizedError, CustomStringConvertible {
  /// The path of the file, as the caller gave it.
  public let file: String
  /// All problems, in the order of their lines. Never empty.
  public let problems: [TextProblem]

  /// Creates an error of a file.
  public init(file: String, problems: [TextProblem]) {
    precondition(!problems.isEmpty, "an error needs a problem")
    self.file = file
    self.problems = problems
  }

  init(file: String, _ message: String) {
    self.init(file: file, problems: [TextProblem(line: nil, message: message)])
  }

  /// A one-line description: the file, the first problems, and the number of further ones.
  public var description: String {
    let shown = problems.prefix(3).map(\.description).joined(separator: "; ")
    let rest = problems.count - 3
    return "\(file): \(shown)"
      + (rest > 0 ? "; and \(counted(rest, "more problem"))" : "")
  }

  /// The same text as ``description``.
  public var errorDescription: String? { description }
}

extension String {
  /// The text shortened for a message, with visible control characters.
  func abbreviated(to limit: Int = 60) -> String {
    var result = ""
    for scalar in unicodeScalars.prefix(limit) {
      result +=
        scalar.properties.generalCategory == .control
        ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return unicodeScalars.count > limit ? result + "…" : result
  }

  /// The text without surrounding white space.
  var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
