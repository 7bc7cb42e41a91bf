/// What a model writes about a study.
public struct GeneratedReport: Sendable, Equatable {
  /// One way to put the study into words.
  public struct Beam: Sendable, Equatable {
    /// The ids without the opening 0, with the closing one if it was written.
    public let tokens: [Int32]
    /// The words up to the first 0, joined by spaces.
    public let text: String
    /// The natural logarithm of the probability of all ``tokens``.
    public let logProbability: Double

    /// A report with its probability.
    /// - Parameters:
    ///   - tokens: the ids without the opening 0.
    ///   - text: the words up to the first 0.
    ///   - logProbability: the natural logarithm of the probability of all tokens.
    public init(tokens: [Int32], text: String, logProbability: Double) {
      self.tokens = tokens
      self.text = text
      self.logProbability = logProbability
    }
  }

  /// The reports, best first: as many as there are beams, or one.
  public let beams: [Beam]
  /// The best one.
  public var best: Beam { beams[0] }
}

/// Why no report could be written.
public enum ReportGenerationError: Error, Equatable, CustomStringConvertible {
  /// The model gave a number that is not one.
  case notFinite(image: String, word: Int)
  /// The settings do not fit the model.
  case unsuitable(reason: String)

  /// The reason on one line.
  public var description: String {
    switch self {
    case .notFinite(let image, let word):
      "\(image): the scores of word \(word) are not finite; check the model's weights with 'keepfit "
        + "inspect'"
    case .unsuitable(let reason): reason
    }
  }
}
