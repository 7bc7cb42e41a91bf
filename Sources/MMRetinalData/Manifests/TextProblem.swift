import Foundation

/// Something wrong in a text file, with the place where a person can mend it.
public struct TextProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// What sort of thing is wrong.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// The text does not follow its format.
    case format
    /// A caption is missing.
    case missingCaption = "missing_caption"
    /// A path must not be used.
    case path
  }

  /// The line, counted from 1; nil when the whole file is meant.
  public let line: Int?
  /// What was expected and what was found.
  public let message: String
  /// What sort of thing is wrong.
  public let kind: Kind

  /// A problem at a line, or of the file as a whole.
  public init(line: Int?, message: String, kind: Kind = .format) {
    self.line = line
    self.message = message
    self.kind = kind
  }

  /// `line 12: …`
  public var description: String { line.map { "line \($0): \(message)" } ?? message }
}

/// A manifest, table or list that cannot be used, with everything that is wrong in it.
public struct TextFileError: Error, Sendable, LocalizedError, CustomStringConvertible {
  /// The path of the file, as the caller gave it.
  public let file: String
  /// All problems, in the order of their lines. Never empty.
  public let problems: [TextProblem]

  /// An error of one file.
  public init(file: String, problems: [TextProblem]) {
    precondition(!problems.isEmpty, "an error needs a problem")
    self.file = file
    self.problems = problems
  }

  init(file: String, _ message: String) {
    self.init(file: file, problems: [TextProblem(line: nil, message: message)])
  }

  /// One line: the file, the first problems, and how many more there are.
  public var description: String {
    let shown = problems.prefix(3).map(\.description).joined(separator: "; ")
    let rest = problems.count - 3
    return "\(file): \(shown)"
      + (rest > 0 ? "; and \(rest) more problem\(rest == 1 ? "" : "s")" : "")
  }

  /// The same text as ``description``.
  public var errorDescription: String? { description }
}

extension String {
  /// The text cut to a length fit for a message, with control characters made visible.
  func abbreviated(to limit: Int = 60) -> String {
    var result = ""
    for scalar in unicodeScalars.prefix(limit) {
      result +=
        scalar.properties.generalCategory == .control
        ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return unicodeScalars.count > limit ? result + "…" : result
  }

  /// The text without white space at its ends.
  var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
