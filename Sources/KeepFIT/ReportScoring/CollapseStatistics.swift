import FundusModels

/// How varied texts are. A model that has collapsed writes the same report for every image, which
/// scores of overlap hardly show.
public struct CollapseStatistics: Sendable, Equatable {
  /// How many texts there are.
  public let reports: Int
  /// How many different ones.
  public let distinctReports: Int
  /// The text that occurs most often; among equals, the first of them.
  public let commonest: String
  /// The share of the texts that are equal to ``commonest``.
  public let commonestShare: Double
  /// Runs of four words in all texts.
  public let fourGrams: Int
  /// How many different ones.
  public let distinctFourGrams: Int
  /// How many texts are empty.
  public let emptyReports: Int
  /// Words of a text on average.
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

  /// The text that occurs most often, the first of them among equals; how often it occurs; and how many
  /// different texts there are.
  static func commonest(_ texts: [String]) -> (text: String, count: Int, distinct: Int) {
    var counts: [ExactText: Int] = [:]
    for text in texts { counts[ExactText(text), default: 0] += 1 }
    let most = counts.values.max() ?? 0
    let text = texts.first { counts[ExactText($0)] == most } ?? ""
    return (text, most, counts.count)
  }
}
