import Foundation

/// The WordPiece tokenizer of BERT, with the same ids as the fast tokenizer of Hugging Face.
///
/// A text becomes `[CLS]` pieces… `[SEP]`. Literal special tokens in the text are preserved. Everything else is
/// cleaned of control characters; ideographs and punctuation become separate words; accents are stripped and
/// letters lowercased; and each word is split greedily into the longest pieces of the vocabulary from the left,
/// those after the first prefixed with `##`. A word that cannot be split, or has more than 100 characters,
/// becomes `[UNK]`.
public struct WordPieceTokenizer: Sendable {
  /// The special tokens.
  public struct SpecialTokens: Sendable {
    /// `[PAD]`, the padding.
    public let padding: Int32
    /// `[UNK]`, an unknown word.
    public let unknown: Int32
    /// `[CLS]`, the first of every text.
    public let start: Int32
    /// `[SEP]`, the last of every text.
    public let end: Int32
    /// `[MASK]`, if the vocabulary contains it.
    public let mask: Int32?
  }

  /// The vocabulary.
  public let vocabulary: Vocabulary
  /// The ids of the special tokens.
  public let special: SpecialTokens
  /// Whether letters are lowercased.
  public let lowercases: Bool
  /// Whether accents are removed.
  public let stripsAccents: Bool

  private let literals: [(bytes: [UInt8], id: Int32)]
  private let pieces: PieceTable

  /// - Parameters:
  ///   - vocabulary: must contain `[PAD]`, `[UNK]`, `[CLS]` and `[SEP]`.
  ///   - lowercases: true for the published models, although their vocabulary is cased.
  ///   - stripsAccents: nil for the same value as `lowercases`.
  ///   - source: the name of the vocabulary for error messages.
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

  /// The ids of a text between `[CLS]` and `[SEP]`, truncated on the right.
  /// - `maximumLength`: the maximum number of ids, at least 2: 256 for KeepFIT, 77 for FLAIR.
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

  /// Whether `encode` truncates a text.
  /// - `maximumLength`: as in `encode`.
  public func truncates(_ text: String, maximumLength: Int = 256) -> Bool {
    encode(text, maximumLength: maximumLength + 1).count > maximumLength
  }

  /// The ids of a batch of texts, padded to the longest one.
  /// - `maximumLength`: the maximum number of ids per row, at least 2: 256 for KeepFIT, 77 for FLAIR.
  public func encode(_ texts: [String], maximumLength: Int = 256) -> TokenBatch {
    TokenBatch(
      rows: texts.map { encode($0, maximumLength: maximumLength) }, padding: special.padding)
  }

  /// Splits a text at literal special tokens.
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
