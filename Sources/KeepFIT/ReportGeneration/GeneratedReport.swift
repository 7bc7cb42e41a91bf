/// The generated report of a study.
public struct GeneratedReport: Sendable, Equatable {
  /// A candidate report.
  public struct Beam: Sendable, Equatable {
    /// The token ids without the initial 0, with the final 0 if it was generated.
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

  /// The candidates, best first: one per beam, or one.
  public let beams: [Beam]
  /// The best candidate.
  public var best: Beam { beams[0] }
}

/// An error of report generation.
public enum ReportGenerationError: Error, Equatable, CustomStringConvertible {
  /// The model produced a non-finite score.
  case notFinite(image: String, word: Int)
  /// The settings do not match the model.
  case unsuitable(reason: String)

  /// A one-line description.
  public var description: String {
    switch self {
    case .notFinite(let image, let word):
      "\(image): the scores of word \(word) are not finite; check the model's weights with 'keepfit "
        + "inspect'"
    case .unsuitable(let reason): reason
    }
  }
}
