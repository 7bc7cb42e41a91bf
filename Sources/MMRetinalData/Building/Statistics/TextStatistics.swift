import Foundation

/// Text statistics of a dataset: word counts, vocabulary size, text lengths.
///
/// Words are runs of letters, digits and underscores, case-sensitive; a text's length is its number of words.
/// Chinese is counted in characters, because words are not separated there. Definitions as
/// recovered from the published plots (specification B4).
public struct TextStatistics: Sendable, Hashable, Codable {
  /// The name of the texts in tables and plots.
  public let name: String
  /// The number of texts.
  public let texts: Int
  /// The number of different words.
  public let vocabulary: Int
  /// The mean length.
  public let meanLength: Double
  /// Vocabulary divided by the number of texts.
  public let lexicalDiversity: Double
  /// The length of each text.
  public let lengths: [Int]
  /// Words by descending frequency, then in alphabetical order.
  public let words: [WordCount]

  /// A word with its number of occurrences.
  public struct WordCount: Sendable, Hashable, Codable {
    /// The word.
    public let word: String
    /// The number of occurrences.
    public let count: Int
  }

  /// Counts texts.
  public init(name: String, texts: [String], language: CaptionLanguage = .english) {
    var counts: [String: Int] = [:]
    var lengths: [Int] = []
    for text in texts {
      let words = language == .chinese ? Self.characters(text) : Self.words(text)
      for word in words { counts[word, default: 0] += 1 }
      lengths.append(words.count)
    }
    self.name = name
    self.texts = texts.count
    vocabulary = counts.count
    lexicalDiversity = texts.isEmpty ? 0 : Double(counts.count) / Double(texts.count)
    self.lengths = lengths
    meanLength = lengths.isEmpty ? 0 : Double(lengths.reduce(0, +)) / Double(lengths.count)
    words = counts.map { WordCount(word: $0.key, count: $0.value) }
      .sorted { ($1.count, $0.word) < ($0.count, $1.word) }
  }

  /// Runs of letters, digits and underscores.
  static func words(_ text: String) -> [String] {
    text.unicodeScalars.split { !isWordScalar($0) }.map { String($0) }
  }

  /// Chinese characters one by one, and words of other scripts between them.
  static func characters(_ text: String) -> [String] {
    var result: [String] = []
    var word = ""
    for scalar in text.unicodeScalars {
      let isIdeograph = scalar.properties.isIdeographic
      if isIdeograph || !isWordScalar(scalar) {
        if !word.isEmpty { result.append(word) }
        word = ""
        if isIdeograph { result.append(String(scalar)) }
      } else {
        word.unicodeScalars.append(scalar)
      }
    }
    if !word.isEmpty { result.append(word) }
    return result
  }

  private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      return scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
        || ("0"..."9").contains(scalar)
    }
    return scalar.properties.isAlphabetic || scalar.properties.numericType != nil
  }

  /// How many texts have a length in each of equal bins from 1 on.
  /// - Parameters:
  ///   - bins: how many bins there are.
  ///   - largest: the length where the last bin ends.
  public func histogram(bins: Int = 7, largest: Int) -> [Int] {
    precondition(bins > 0 && largest > 1, "\(bins) bins up to \(largest)")
    var counts = [Int](repeating: 0, count: bins)
    let width = Double(largest - 1) / Double(bins)
    for length in lengths where length <= largest {
      counts[min(bins - 1, max(0, Int(Double(length - 1) / width)))] += 1
    }
    return counts
  }
}
