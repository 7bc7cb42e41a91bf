/// The counts of the 1-grams to 4-grams of a text.
struct NGrams: Sendable {
  /// Up to four words; -1 where there are fewer.
  struct Gram: Hashable, Sendable {
    let first, second, third, fourth: Int32
  }

  /// Words in the text.
  let wordCount: Int
  /// The counts of n-grams at index n - 1.
  let counts: [[Gram: Int]]

  init(_ words: [Int32]) {
    wordCount = words.count
    counts = (0..<BLEU.order).map { more in
      var counts: [Gram: Int] = [:]
      for start in words.indices.dropLast(more) {
        counts[
          Gram(
            first: words[start], second: more > 0 ? words[start + 1] : -1,
            third: more > 1 ? words[start + 2] : -1, fourth: more > 2 ? words[start + 3] : -1),
          default: 0] += 1
      }
      return counts
    }
  }
}
