import FundusModels

/// The diversity of texts. A collapsed model generates the same report for every image, which overlap
/// metrics hardly reveal.
public struct CollapseStatistics: Sendable, Equatable {
  /// The number of texts.
  public let reports: Int
  /// The number of distinct ones.
  public let distinctReports: Int
  /// The most frequent text; the first one in a tie.
  public let commonest: String
  /// The fraction of texts equal to ``commonest``.
  public let commonestShare: Double
  /// The number of 4-grams in all texts.
  public let fourGrams: Int
  /// The number of distinct ones.
  public let distinctFourGrams: Int
  /// The number of empty texts.
  public let emptyReports: Int
  /// The mean number of words per text.
  public let meanLength: Double

  /// Counts texts; words are what stands between white space.
  /// - Parameter texts: at least one.
  public init(_ texts: [String]) {
    precondition(!texts.isEmpty, "there are no texts to count")
    let (commonest, count, distinct) = Self.commonest(texts)
    var numbers = WordNumbers()
    var grams: Set<NGrams.Gram> = []
    var total = 0
    var words = 0
    for text in texts {
      let counted = NGrams(numbers.numbers(ScoringTokens.words(text)))
      words += counted.wordCount
      grams.formUnion(counted.counts[3].keys)
      total += counted.counts[3].values.reduce(0, +)
    }
    reports = texts.count
    distinctReports = distinct
    self.commonest = commonest
    commonestShare = Double(count) / Double(texts.count)
    fourGrams = total
    distinctFourGrams = grams.count
    emptyReports = texts.count { $0.unicodeScalars.allSatisfy(PythonText.isSpace) }
    meanLength = Double(words) / Double(texts.count)
  }

  /// The most frequent text (the first one in a tie), its count, and the number of distinct texts.
  static func commonest(_ texts: [String]) -> (text: String, count: Int, distinct: Int) {
    var counts: [ExactText: Int] = [:]
    for text in texts { counts[ExactText(text), default: 0] += 1 }
    let most = counts.values.max() ?? 0
    let text = texts.first { counts[ExactText($0)] == most } ?? ""
    return (text, most, counts.count)
  }
}
