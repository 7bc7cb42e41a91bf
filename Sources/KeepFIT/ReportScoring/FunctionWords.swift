import Foundation
import FundusModels
import FundusTensor
import MMRetinalData

/// The words that METEOR gives less weight to: articles, pronouns, auxiliaries, prepositions,
/// conjunctions and punctuation.
///
/// The published scores depend on a list of 93 tokens that is part of the METEOR program, but not of this
/// package. Scores with the built-in list differ from those of the program; for equal scores, use the file
/// `function/english.words` of the program's jar.
public struct FunctionWords: Sendable {
  /// The source of the list: `builtin`, or the path of a file.
  public let name: String
  private let words: Set<ExactText>

  /// The number of words.
  public var count: Int { words.count }

  /// A list of lower-case words.
  public init(name: String, words: some Sequence<String>) {
    self.name = name
    self.words = Set(words.map(ExactText.init))
  }

  /// Reads UTF-8 text with one lowercase word per line. Empty lines are skipped.
  /// - Throws: `TextFileError` for a file that is missing, not UTF-8 or without words, and for lines that
  ///   could match no word: several words, or capitals.
  public init(contentsOf url: URL) throws {
    var words: [String] = []
    var problems: [TextProblem] = []
    for (number, line) in try ReportFile.lines(of: url) {
      let word = line.trimmingCharacters(in: .whitespaces)
      if word.isEmpty { continue }
      if word.unicodeScalars.contains(where: PythonText.isSpace) {
        problems.append(
          TextProblem(line: number, message: "has several words, expected one"))
      } else if word.unicodeScalars.count > 40 || (word.hasPrefix("{") && word != "{") {
        problems.append(
          TextProblem(line: number, message: "'\(word.quotable(limit: 40))' is not a word"))
      } else if word != word.lowercased() {
        problems.append(
          TextProblem(
            line: number,
            message:
              "'\(word.quotable(limit: 40))' has capitals, but words are compared in lower case"))
      } else {
        words.append(word)
      }
    }
    if problems.isEmpty && words.isEmpty {
      problems.append(TextProblem(line: nil, message: "has no words, expected one word per line"))
    }
    guard problems.isEmpty else { throw TextFileError(file: url.relativePath, problems: problems) }
    self.init(name: url.relativePath, words: words)
  }

  func contains(_ word: String) -> Bool { words.contains(ExactText(word)) }

  /// This package's own list.
  public static let builtin = FunctionWords(
    name: "builtin",
    words: """
      . , ; : ! ? ' " ( ) [ ] - 's
      a an the this that these those
      i you he she it we they me him her us them my your his its our their
      who whom whose which what
      be am is are was were been being have has had do does did
      will would can could shall should may might must
      of in on at to from by with for as into onto over under between through during after before
      within without along around about near upon
      and or but nor so if than then because while when where
      not no there here all both each some any such
      also only very more most other
      """.split(whereSeparator: \.isWhitespace).map(String.init))
}
