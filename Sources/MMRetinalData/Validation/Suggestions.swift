/// Suggestions for misspelled words.
package enum Suggestions {
  /// The nearest of `words`, if it is close enough to be a typo.
  package static func nearest(to word: String, among words: [String]) -> String? {
    let typed = word.lowercased()
    if let prefixed = words.filter({ typed.count >= 3 && $0.hasPrefix(typed) }).min() {
      return prefixed
    }
    let limit = max(1, min(3, word.count / 3))
    return
      words
      .map { (distance: distance(typed, $0.lowercased()), word: $0) }
      .filter { $0.distance <= limit }
      .min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
  }

  /// The edit distance of two words, with insertions, deletions, replacements and transpositions.
  static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a)
    let b = Array(b)
    var rows = [[Int](0...b.count)]
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          best = min(best, rows[i - 1][j - 1] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
