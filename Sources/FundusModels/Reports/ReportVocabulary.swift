import Foundation
import FundusTensor

/// The words that a report model reads and writes, numbered from 1 in the order of the file.
///
/// Id 0 is not a word: it starts and ends reports and pads batches. The file `vocabulary.txt` contains one
/// word per line in UTF-8; line n, counted from 1, has the id n. `<unk>` stands for every other word.
/// Words are compared by Unicode scalars, without normalization.
public struct ReportVocabulary: Sendable {
  /// The id that starts and ends reports and pads batches.
  public static let boundary: Int32 = 0
  /// The token for words that are not in the vocabulary.
  public static let unknownWord = "<unk>"
  /// The minimum number of occurrences of a word in the training reports, as published.
  public static let publishedThreshold = 3
  /// The maximum number of ids of a report, including the initial one, as published.
  public static let publishedLength = 90

  private let table: Vocabulary
  /// The id of `<unk>`.
  public let unknownID: Int32

  /// The words by id less 1.
  public var words: [String] { table.tokens }
  /// The number of words, `<unk>` included.
  public var count: Int { table.count }
  /// The number of ids: the words and id 0. The rows of the embedding and of the output layer.
  public var idCount: Int { table.count + 1 }

  /// Reads a `vocabulary.txt`.
  /// - Throws: ``VocabularyError`` when it cannot be read, is not UTF-8, has an empty line or a duplicate
  ///   word, or lacks `<unk>`.
  public init(contentsOf url: URL) throws {
    try self.init(Vocabulary(contentsOf: url), source: url.relativePath)
  }

  /// Creates a vocabulary from words in the order of their ids.
  /// - Parameters:
  ///   - words: the words, `<unk>` among them.
  ///   - source: what errors call them.
  /// - Throws: ``VocabularyError`` when a word is empty or there twice, or `<unk>` is missing.
  public init(words: [String], source: String = "words") throws {
    let bytes = words.flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] }
    try self.init(Vocabulary(bytes: bytes, source: source), source: source)
  }

  private init(_ table: Vocabulary, source: String) throws {
    guard let unknown = table.id(of: Self.unknownWord) else {
      throw VocabularyError.missingToken(source: source, token: Self.unknownWord)
    }
    self.table = table
    unknownID = unknown + 1
  }

  /// Counts the words of training reports: those that occur `threshold` times or more, and `<unk>`,
  /// sorted by Unicode scalars.
  /// - Parameters:
  ///   - reports: the reports, each of which is counted once.
  ///   - threshold: the minimum number of occurrences of a word in all reports.
  public init(counting reports: some Sequence<String>, threshold: Int = publishedThreshold) {
    // Keyed by bytes: equality of strings would merge canonically equivalent words.
    var counts: [[UInt8]: Int] = [:]
    for report in reports {
      for word in ReportTokenizer.words(in: report) { counts[Array(word.utf8), default: 0] += 1 }
    }
    let unknown = Array(Self.unknownWord.utf8)
    counts[unknown] = max(threshold, 1)
    // The order of UTF-8 is the order of scalars.
    let kept = counts.filter { $0.value >= threshold }.keys.sorted {
      $0.lexicographicallyPrecedes($1)
    }
    let bytes = kept.flatMap { $0 + [UInt8(ascii: "\n")] }
    do {
      try self.init(Vocabulary(bytes: bytes, source: "reports"), source: "reports")
    } catch {
      preconditionFailure("counted words make a vocabulary: \(error)")
    }
  }

  /// The id of a word; that of `<unk>` for a word that is not there.
  public func id(of word: String) -> Int32 { table.id(of: word).map { $0 + 1 } ?? unknownID }

  /// The ids of a report: 0, its words, 0, truncated to `maximumLength` ids. A truncated report has no final
  /// 0.
  /// - Parameters:
  ///   - report: the text as it was written.
  ///   - maximumLength: the maximum number of ids, including the initial one.
  public func encode(_ report: String, maximumLength: Int = publishedLength) -> [Int32] {
    let ids = ReportTokenizer.words(in: report).map(id)
    return Array(([Self.boundary] + ids + [Self.boundary]).prefix(maximumLength))
  }

  /// The words of ids, joined by single spaces, up to the first id that is not positive.
  /// - Precondition: ids are below ``idCount``.
  public func text(of ids: some Sequence<Int32>) -> String {
    ids.prefix { $0 > Self.boundary }.map { table.tokens[Int($0) - 1] }.joined(separator: " ")
  }

  /// A report after tokenization, as used in training and scoring: split into words, with `<unk>` for rare ones,
  /// truncated to `maximumLength` ids.
  /// - Parameters:
  ///   - report: the text as it was written.
  ///   - maximumLength: as in ``encode(_:maximumLength:)``.
  public func cleaned(_ report: String, maximumLength: Int = publishedLength) -> String {
    text(of: encode(report, maximumLength: maximumLength).dropFirst())
  }

  /// The contents of a `vocabulary.txt`.
  public var fileText: String { table.tokens.map { $0 + "\n" }.joined() }

  /// Writes a `vocabulary.txt`.
  /// - Parameters:
  ///   - url: the file.
  ///   - force: whether an existing file may be replaced.
  /// - Throws: `CheckpointError` when the file exists or cannot be written.
  public func write(to url: URL, force: Bool) throws {
    try AtomicFile.write(fileText, to: url, force: force)
  }
}
