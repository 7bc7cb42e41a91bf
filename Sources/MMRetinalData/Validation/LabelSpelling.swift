/// Finds labels that look like spelling variants of one label.
package enum LabelSpelling {
  /// Two labels that are probably the same.
  package struct Pair: Hashable {
    /// The rarer label.
    package let odd: String
    /// The more frequent label.
    package let usual: String
  }

  /// The pairs among labels with their counts, sorted.
  ///
  /// Labels that differ only in case, hyphens, dots or spaces are always pairs. So are labels of at least six
  /// letters that differ in one letter, or of at least fourteen letters that differ in two, unless they differ
  /// in digits, which denote grades.
  package static func pairs(of counts: [String: Int]) -> [Pair] {
    let groups = Dictionary(grouping: counts.keys, by: normalForm)
    func rank(_ label: String) -> (Int, String) { (-(counts[label] ?? 0), label) }
    var pairs: Set<Pair> = []
    var forms: [(text: [UInt8], letters: UInt64, label: String)] = []
    for (form, labels) in groups {
      let sorted = labels.sorted { rank($0) < rank($1) }
      for label in sorted.dropFirst() { pairs.insert(Pair(odd: label, usual: sorted[0])) }
      forms.append((Array(form.utf8), letters(of: form), sorted[0]))
    }
    forms.sort { ($0.text.count, $0.label) < ($1.text.count, $1.label) }
    for (index, first) in forms.enumerated() {
      for second in forms[(index + 1)...] {
        let limit = first.text.count >= 14 ? 2 : first.text.count >= 6 ? 1 : 0
        if limit == 0 || second.text.count - first.text.count > limit { break }
        // Each edit changes at most two of the letters that occur.
        guard (first.letters ^ second.letters).nonzeroBitCount <= 2 * limit,
          digits(first.text) == digits(second.text),
          isWithin(limit, first.text, second.text)
        else { continue }
        let (usual, odd) =
          rank(first.label) < rank(second.label)
          ? (first.label, second.label) : (second.label, first.label)
        pairs.insert(Pair(odd: odd, usual: usual))
      }
    }
    return pairs.sorted { ($0.usual, $0.odd) < ($1.usual, $1.odd) }
  }

  /// Lower case, hyphens and underscores as spaces, no dots or commas, single spaces.
  package static func normalForm(_ label: String) -> String {
    label.lowercased().map { character -> Character in
      character == "-" || character == "_" || character == "." || character == "," ? " " : character
    }.split(whereSeparator: \.isWhitespace).map { String($0) }.joined(separator: " ")
  }

  private static func letters(of text: String) -> UInt64 {
    text.utf8.reduce(0) { $0 | 1 << UInt64($1 & 63) }
  }

  private static func digits(_ text: [UInt8]) -> [UInt8] { text.filter { (48...57).contains($0) } }

  /// Whether the Levenshtein distance is at most the limit.
  static func isWithin(_ limit: Int, _ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard abs(a.count - b.count) <= limit else { return false }
    var row = Array(0...b.count)
    for i in 1...max(1, a.count) where i <= a.count {
      var diagonal = row[0]
      row[0] = i
      var least = row[0]
      for j in 1...max(1, b.count) where j <= b.count {
        let substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)
        diagonal = row[j]
        row[j] = min(substituted, row[j] + 1, row[j - 1] + 1)
        least = min(least, row[j])
      }
      if least > limit { return false }
    }
    return row[b.count] <= limit
  }
}
