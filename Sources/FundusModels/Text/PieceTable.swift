/// Splits words greedily into the longest known pieces from the left.
///
/// A class, to avoid reference counting of a structure's members for every word.
final class PieceTable: Sendable {
  /// The maximum length in characters of a word that is split into pieces.
  static let longestWord = 100

  private let trie: TokenTrie
  private let unknown: Int32
  /// The root of pieces that are not the first of their word.
  private let continuation: TokenTrie.Node?

  init(trie: TokenTrie, unknown: Int32) {
    self.trie = trie
    self.unknown = unknown
    continuation = trie.node(at: "##".utf8)
  }

  /// Appends the pieces of a word of `characters` characters.
  func append(_ word: [UInt8], characters: Int, to ids: inout [Int32]) {
    guard characters <= Self.longestWord else { return ids.append(unknown) }
    let first = ids.count
    var start = 0
    while start < word.count {
      guard var node = start == 0 ? TokenTrie.root : continuation else { break }
      var position = start
      var best: (id: Int32, end: Int)?
      // A token is valid UTF-8, so a match always ends between two characters.
      while position < word.count, let next = trie.child(of: node, word[position]) {
        node = next
        position += 1
        if trie.ids[Int(node)] >= 0 { best = (trie.ids[Int(node)], position) }
      }
      guard let best else { break }
      ids.append(best.id)
      start = best.end
    }
    if start < word.count {
      ids.removeSubrange(first...)
      ids.append(unknown)
    }
  }
}
