import Foundation

/// The WordPiece tokenizer of BERT, equal to the fast tokenizer of Hugging Face id for id.
///
/// A text becomes `[CLS]` pieces… `[SEP]`. Special tokens that stand in the text literally become
/// themselves. Everything else is cleaned of control characters; ideographs and punctuation become
/// words of their own; accents are stripped and letters made small; and each word is split into the
/// longest pieces of the vocabulary from the left, those after the first spelt with `##`. A word
/// that cannot be split, or has more than 100 characters, becomes `[UNK]`.
public struct WordPieceTokenizer: Sendable {
  /// The tokens that stand for no text.
  public struct SpecialTokens: Sendable {
    /// `[PAD]`, which fills short rows.
    public let padding: Int32
    /// `[UNK]`, a word that has no pieces.
    public let unknown: Int32
    /// `[CLS]`, the first of every text.
    public let start: Int32
    /// `[SEP]`, the last of every text.
    public let end: Int32
    /// `[MASK]`, where the vocabulary has it.
    public let mask: Int32?
  }

  /// The known pieces.
  public let vocabulary: Vocabulary
  /// The ids of the special tokens.
  public let special: SpecialTokens
  /// Whether letters are made small.
  public let lowercases: Bool
  /// Whether accents are removed.
  public let stripsAccents: Bool

  private let literals: [(bytes: [UInt8], id: Int32)]
  private let pieces: PieceTable

  /// - Parameters:
  ///   - vocabulary: must have `[PAD]`, `[UNK]`, `[CLS]` and `[SEP]`.
  ///   - lowercases: true for the published models, although their vocabulary is cased.
  ///   - stripsAccents: follows `lowercases` when left out.
  ///   - source: what errors call the vocabulary.
  /// - Throws: ``VocabularyError/missingToken(source:token:)``.
  public init(
    vocabulary: Vocabulary, lowercases: Bool = true, stripsAccents: Bool? = nil,
    source: String = "file"
  ) throws {
    func required(_ token: String) throws -> Int32 {
      guard let id = vocabulary.id(of: token) else {
        throw VocabularyError.missingToken(source: source, token: token)
      }
      return id
    }
    self.vocabulary = vocabulary
    self.lowercases = lowercases
    self.stripsAccents = stripsAccents ?? lowercases
    special = SpecialTokens(
      padding: try required("[PAD]"), unknown: try required("[UNK]"),
      start: try required("[CLS]"), end: try required("[SEP]"), mask: vocabulary.id(of: "[MASK]"))
    literals = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].compactMap { token in
      vocabulary.id(of: token).map { (Array(token.utf8), $0) }
    }
    pieces = PieceTable(trie: vocabulary.trie, unknown: special.unknown)
  }

  /// Reads the vocabulary from a `vocab.txt`.
  /// - Throws: ``VocabularyError``.
  public init(
    vocabularyAt url: URL, lowercases: Bool = true, stripsAccents: Bool? = nil
  ) throws {
    try self.init(
      vocabulary: Vocabulary(contentsOf: url), lowercases: lowercases,
      stripsAccents: stripsAccents, source: url.relativePath)
  }

  /// The ids of a text between `[CLS]` and `[SEP]`, cut on the right.
  /// - `maximumLength`: of the result, at least 2: 256 for KeepFIT, 77 for FLAIR.
  public func encode(_ text: String, maximumLength: Int = 256) -> [Int32] {
    precondition(maximumLength >= 2, "the start and the end alone are two tokens")
    var words = WordSplitter(
      lowercases: lowercases, stripsAccents: stripsAccents, limit: maximumLength - 1,
      pieces: pieces)
    words.ids.append(special.start)
    var text = text
    text.withUTF8 { split($0.span, into: &words) }
    return words.ids.prefix(maximumLength - 1) + [special.end]
  }

  /// Whether a text has more tokens than fit, so that `encode` cuts it.
  /// - `maximumLength`: as there.
  public func truncates(_ text: String, maximumLength: Int = 256) -> Bool {
    encode(text, maximumLength: maximumLength + 1).count > maximumLength
  }

  /// The ids of texts that belong together, padded to the longest of them.
  /// - `maximumLength`: of a row, at least 2: 256 for KeepFIT, 77 for FLAIR.
  public func encode(_ texts: [String], maximumLength: Int = 256) -> TokenBatch {
    TokenBatch(
      rows: texts.map { encode($0, maximumLength: maximumLength) }, padding: special.padding)
  }

  /// Cuts a text at the special tokens that stand in it.
  private func split(_ bytes: Span<UInt8>, into words: inout WordSplitter) {
    var start = 0
    var position = 0
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "["), let found = literal(in: bytes, at: position) {
        words.add(bytes.extracting(start..<position))
        if !words.isFull { words.ids.append(found.id) }
        position += found.bytes.count
        start = position
      } else {
        position += 1
      }
      if words.isFull { return }
    }
    words.add(bytes.extracting(start..<bytes.count))
  }

  private func literal(in bytes: Span<UInt8>, at position: Int) -> (bytes: [UInt8], id: Int32)? {
    literals.first { token in
      token.bytes.count <= bytes.count - position
        && token.bytes.indices.allSatisfy { bytes[position + $0] == token.bytes[$0] }
    }
  }
}
