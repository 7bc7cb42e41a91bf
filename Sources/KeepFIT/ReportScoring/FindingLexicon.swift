import Foundation
import FundusTensor
import MMRetinalData

/// The terms by which reports state or negate findings.
///
/// A JSON file, of which the built-in lexicon for English angiography reports is an example:
///
///     {"format": 1, "name": "…",
///      "findings": [{"name": "leakage", "terms": ["leak*", "…"], "implies": ["…"]}, …],
///      "negation": {"before": ["no", …], "after": ["not seen", …], "ends": ["but", …],
///                   "ignored": ["not only", …]}}
///
/// A term is one or several words; a `*` at the end of a word stands for any ending. Case and hyphens do
/// not matter. `implies` names findings of which this one is a kind. Without `negation`, the built-in words
/// apply.
public struct FindingLexicon: Sendable {
  /// A finding and its terms.
  struct Finding: Sendable {
    let name: String
    let terms: [FindingPattern]
    let implies: [String]
  }

  /// The words that negate findings.
  struct Negation: Sendable {
    /// Words that precede the negated finding, such as "no".
    var before: [FindingPattern] = []
    /// Words that follow the negated finding, such as "was not seen".
    var after: [FindingPattern] = []
    /// Words that end a negation, such as "but".
    var ends: [FindingPattern] = []
    /// Phrases that look like a negation but are not, such as "not only".
    var ignored: [FindingPattern] = []
  }

  /// The name of the lexicon.
  public let name: String
  let findings: [Finding]
  let negation: Negation
  let index: FindingPatternIndex

  /// The names of the findings in the order of the file.
  public var findingNames: [String] { findings.map(\.name) }

  /// This package's own lexicon for English angiography reports.
  public static let builtin: FindingLexicon = {
    do {
      return try FindingLexicon(
        json: PackageResources.angiography_findings_json, file: "angiography-findings.json")
    } catch {
      preconditionFailure("the built-in lexicon is read: \(error)")
    }
  }()

  /// Reads a lexicon.
  /// - Throws: `TextFileError` for a missing or invalid file, naming the wrong member.
  public init(contentsOf url: URL) throws {
    try self.init(json: ReportFile.bytes(of: url), file: url.relativePath)
  }

  init(json bytes: [UInt8], file: String) throws(TextFileError) {
    func fail(_ message: String) -> TextFileError {
      TextFileError(file: file, problems: [TextProblem(line: nil, message: message)])
    }
    let root: JSONValue
    do {
      root = try JSONValue(parsing: bytes)
    } catch {
      throw fail("is not a lexicon: \(error)")
    }
    do throws(FindingLexiconReader.Problem) {
      let reader = try FindingLexiconReader(root)
      name = reader.name ?? file
      findings = reader.findings
      negation = reader.negation ?? Self.builtin.negation
    } catch {
      throw fail("is not a lexicon: \(error.message)")
    }
    index = FindingPatternIndex(findings.map(\.terms))
  }
}

/// A sequence of words to search for in texts.
struct FindingPattern: Sendable, Hashable {
  /// A word, or the beginning of one.
  struct Word: Sendable, Hashable {
    let text: String
    let isPrefix: Bool

    func matches(_ word: String) -> Bool { isPrefix ? word.hasPrefix(text) : word == text }
  }

  let words: [Word]

  /// The pattern of a term of the lexicon; nil for one without words.
  init?(_ term: String) {
    let words = FindingText.words(of: term, keepingStars: true).map { word in
      word.hasSuffix("*")
        ? Word(text: String(word.dropLast()), isPrefix: true) : Word(text: word, isPrefix: false)
    }
    guard !words.isEmpty, !words.contains(where: { $0.text.isEmpty || $0.text.contains("*") })
    else {
      return nil
    }
    self.words = words
  }

  /// Whether the pattern lies at a place of a sentence.
  func matches(_ sentence: [String], at start: Int) -> Bool {
    start + words.count <= sentence.count
      && words.indices.allSatisfy { words[$0].matches(sentence[start + $0]) }
  }
}

/// Finds the terms of all findings by the first two letters of their first word.
struct FindingPatternIndex: Sendable {
  private var buckets: [String: [(finding: Int, pattern: FindingPattern)]] = [:]

  init(_ terms: [[FindingPattern]]) {
    for (finding, patterns) in terms.enumerated() {
      for pattern in patterns {
        buckets[String(pattern.words[0].text.prefix(2)), default: []].append((finding, pattern))
      }
    }
  }

  /// The longest terms that start at a place: how many words they have, and the findings that they name.
  func longest(in sentence: [String], at start: Int) -> (length: Int, findings: [Int])? {
    var length = 0
    var findings: [Int] = []
    let word = sentence[start]
    for key in Set([String(word.prefix(2)), String(word.prefix(1))]) {
      for (finding, pattern) in buckets[key] ?? [] where pattern.words.count >= length {
        guard pattern.matches(sentence, at: start) else { continue }
        if pattern.words.count > length { findings = [] }
        length = pattern.words.count
        if !findings.contains(finding) { findings.append(finding) }
      }
    }
    return length > 0 ? (length, findings) : nil
  }
}
