import Foundation

/// An error of a vocabulary file.
public enum VocabularyError: Error, Equatable, LocalizedError, CustomStringConvertible {
  /// The file cannot be read.
  case unreadable(source: String, reason: String)
  /// The file is too large.
  case tooLarge(source: String, byteCount: Int, limit: Int)
  /// The file is empty.
  case empty(source: String)
  /// A line is not UTF-8; lines count from 1.
  case notUTF8(source: String, line: Int)
  /// A line is empty; lines count from 1.
  case emptyLine(source: String, line: Int)
  /// A token is on two lines, so that its id is ambiguous; lines count from 1.
  case duplicate(source: String, token: String, lines: [Int])
  /// A required token is missing.
  case missingToken(source: String, token: String)

  /// A one-line description with the file and the problem.
  public var description: String {
    switch self {
    case .unreadable(let source, let reason): "vocabulary \(source): \(reason)"
    case .tooLarge(let source, let byteCount, let limit):
      "vocabulary \(source): the file has \(byteCount) bytes, more than the limit of \(limit)"
    case .empty(let source):
      "vocabulary \(source): expected one token per line, found an empty file"
    case .notUTF8(let source, let line):
      "vocabulary \(source), line \(line): expected UTF-8 text, found other bytes"
    case .emptyLine(let source, let line):
      "vocabulary \(source), line \(line): expected a token, found an empty line"
    case .duplicate(let source, let token, let lines):
      "vocabulary \(source), line \(lines[1]): \(token.debugDescription) is already on line"
        + " \(lines[0])"
    case .missingToken(let source, let token):
      "vocabulary \(source): the required token \(token) is missing"
    }
  }

  /// The same as ``description``.
  public var errorDescription: String? { description }
}

/// The vocabulary of a tokenizer: one token per line, whose id is the line number from 0.
public struct Vocabulary: Sendable {
  /// The maximum file size; the largest multilingual vocabularies have 5 MB.
  public static let byteLimit = 16 << 20

  /// The tokens by id.
  public let tokens: [String]
  let trie: TokenTrie

  /// The number of tokens.
  public var count: Int { tokens.count }

  /// Reads a `vocab.txt`.
  /// - Throws: ``VocabularyError``.
  public init(contentsOf url: URL) throws {
    let source = url.relativePath
    let data: Data
    do {
      let size = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      if size > Self.byteLimit {
        throw VocabularyError.tooLarge(source: source, byteCount: size, limit: Self.byteLimit)
      }
      data = try Data(contentsOf: url)
    } catch let error as VocabularyError {
      throw error
    } catch {
      let reason =
        FileManager.default.fileExists(atPath: url.path) ? "cannot be read" : "no such file"
      throw VocabularyError.unreadable(source: source, reason: reason)
    }
    try self.init(bytes: Array(data), source: source)
  }

  /// Parses the bytes of a `vocab.txt`.
  /// - `source`: the name for error messages.
  /// - Throws: ``VocabularyError``.
  public init(bytes: [UInt8], source: String = "bytes") throws {
    guard bytes.count <= Self.byteLimit else {
      throw VocabularyError.tooLarge(
        source: source, byteCount: bytes.count, limit: Self.byteLimit)
    }
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    guard !lines.isEmpty else { throw VocabularyError.empty(source: source) }
    var tokens: [String] = []
    tokens.reserveCapacity(lines.count)
    var trie = TokenTrie(capacity: bytes.count)
    for (index, line) in lines.enumerated() {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      guard !line.isEmpty else {
        throw VocabularyError.emptyLine(source: source, line: index + 1)
      }
      guard let token = String(validating: line, as: UTF8.self) else {
        throw VocabularyError.notUTF8(source: source, line: index + 1)
      }
      // Compared as bytes: canonically equivalent strings are different tokens.
      if let earlier = trie.insert(line, id: Int32(index)) {
        throw VocabularyError.duplicate(
          source: source, token: token, lines: [Int(earlier) + 1, index + 1])
      }
      tokens.append(token)
    }
    self.tokens = tokens
    self.trie = trie
  }

  /// The id of a token, which is compared byte by byte.
  public func id(of token: String) -> Int32? { trie.id(of: Array(token.utf8)) }
}

/// A trie that finds the longest token at the start of a byte sequence, with its edges in one hash table.
struct TokenTrie: Sendable {
  typealias Node = UInt32
  static let root: Node = 0
  static let none: UInt64 = .max

  /// `node << 8 | byte` of each edge, or ``none``.
  private var edges: [UInt64]
  private var targets: [Node]
  /// The id of the token that ends at a node, or -1.
  private(set) var ids: [Int32] = [-1]
  private let mask: Int

  /// - Parameter capacity: at least the number of bytes of all tokens.
  init(capacity: Int) {
    var size = 64
    while size < capacity * 3 / 2 { size *= 2 }
    edges = Array(repeating: Self.none, count: size)
    targets = Array(repeating: 0, count: size)
    mask = size - 1
  }

  private func slot(_ edge: UInt64) -> Int {
    var slot = Int(truncatingIfNeeded: (edge &* 0x9E37_79B9_7F4A_7C15) >> 24) & mask
    while edges[slot] != edge, edges[slot] != Self.none { slot = (slot + 1) & mask }
    return slot
  }

  /// The child node for a byte.
  func child(of node: Node, _ byte: UInt8) -> Node? {
    let edge = UInt64(node) << 8 | UInt64(byte)
    let slot = slot(edge)
    return edges[slot] == edge ? targets[slot] : nil
  }

  /// Inserts a token, or returns the id of an existing one.
  mutating func insert(_ token: some Sequence<UInt8>, id: Int32) -> Int32? {
    var node = Self.root
    for byte in token {
      let edge = UInt64(node) << 8 | UInt64(byte)
      let slot = slot(edge)
      if edges[slot] != edge {
        edges[slot] = edge
        targets[slot] = Node(ids.count)
        ids.append(-1)
      }
      node = targets[slot]
    }
    if ids[Int(node)] >= 0 { return ids[Int(node)] }
    ids[Int(node)] = id
    return nil
  }

  /// The node at the end of some bytes.
  func node(at bytes: some Sequence<UInt8>) -> Node? {
    var node = Self.root
    for byte in bytes {
      guard let next = child(of: node, byte) else { return nil }
      node = next
    }
    return node
  }

  func id(of token: [UInt8]) -> Int32? {
    guard let node = node(at: token), ids[Int(node)] >= 0 else { return nil }
    return ids[Int(node)]
  }
}
