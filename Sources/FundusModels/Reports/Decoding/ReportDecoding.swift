import Foundation

/// The decoding settings: how a report is chosen from word probabilities.
public struct ReportDecoding: Sendable, Equatable {
  /// The way of choosing.
  public enum Method: Sendable, Equatable {
    /// The most probable word at every step.
    case greedy
    /// Beam search with `size` beams.
    case beam(size: Int)
    /// Diverse beam search with groups of `size / groups` beams, in which a group avoids the words that the
    /// groups before it have chosen at the same position: each of these lowers the score of a word by
    /// `strength` (Vijayakumar et al., arXiv 1610.02424).
    case diverseBeam(size: Int, groups: Int, strength: Double)
    /// A word sampled at every step.
    case sample(Sampling)
  }

  /// The sampling method.
  public enum Sampling: Sendable, Equatable {
    /// Any, by its probability.
    case all
    /// One of the K most probable.
    case topK(Int)
    /// One of the most probable words that together reach the probability P, the one that crosses it
    /// included.
    case topP(Double)
    /// The largest log-probability plus Gumbel noise, which has the distribution of ``all``; the
    /// temperature does not matter.
    case gumbel
  }

  /// The length normalization of the scores of finished reports.
  public enum LengthPenalty: Sendable, Equatable {
    /// As they are, which favors short reports: published.
    case none
    /// Divided by ((5 + length) / 6)^α (Wu et al., arXiv 1609.08144).
    case wu(Double)
    /// Divided by the length.
    case average

    /// The penalized form of a score.
    /// - Parameters:
    ///   - score: the sum of log-probabilities.
    ///   - length: the number of words, including the closing 0.
    public func applied(to score: Double, length: Int) -> Double { score / divisor(length) }

    func divisor(_ length: Int) -> Double {
      switch self {
      case .none: 1
      case .wu(let alpha): pow((5 + Double(length)) / 6, alpha)
      case .average: Double(max(1, length))
      }
    }
  }

  /// The treatment of words that would repeat a trigram of the report.
  public enum TrigramBlocking: String, Sendable, CaseIterable {
    /// Nothing: published for beam search.
    case none
    /// Its probability is a quarter for each occurrence: published for step-wise decoding.
    case soft
    /// It is not chosen.
    case hard
  }

  /// The way of choosing.
  public var method: Method
  /// The maximum number of words of a report, including the final 0.
  public var maximumLength = 90
  /// τ: log-probabilities become log softmax(log p / τ), in beam search from the second word on, as
  /// published. Greedy choices do not change.
  public var temperature: Double = 1
  /// The length penalty for finished reports in beam search.
  public var lengthPenalty = LengthPenalty.none
  /// The treatment of repeated trigrams.
  public var trigramBlocking = TrigramBlocking.none
  /// Whether a word may follow itself.
  public var allowsRepeats = true
  /// Words that are never chosen, `<unk>` for example.
  public var bannedTokens: Set<Int32> = []
  /// Whether beam search ends as soon as nothing can change its answer.
  public var stopsEarly = true

  /// The published settings: three beams, 90 words.
  public init(_ method: Method = .beam(size: 3)) { self.method = method }

  /// A description of the first invalid setting, or nil.
  /// - Parameter tokenCount: V', the number of ids of the model.
  public func problem(tokenCount: Int) -> String? {
    let choices = tokenCount - bannedTokens.filter { (0..<Int32(tokenCount)).contains($0) }.count
    if maximumLength < 1 { return "the maximum length must be at least 1, not \(maximumLength)" }
    if !(temperature > 0 && temperature.isFinite) {
      return "the temperature must be positive, not \(temperature)"
    }
    if choices < 1 { return "every word is excluded" }
    if case .wu(let alpha) = lengthPenalty, !alpha.isFinite {
      return "the length penalty must be finite, not \(alpha)"
    }
    switch method {
    case .greedy: return nil
    case .beam(let size):
      return (1...choices).contains(size)
        ? nil : "the beam size must be from 1 to \(choices), the model's words, not \(size)"
    case .diverseBeam(let size, let groups, let strength):
      if groups < 1 || size < groups || size % groups != 0 {
        return "\(groups) groups do not divide a beam size of \(size)"
      }
      if size / groups > choices {
        return "groups of \(size / groups) beams need more than the model's \(choices) words"
      }
      return strength >= 0 && strength.isFinite ? nil : "the diversity must not be negative"
    case .sample(.topK(let count)):
      return count >= 1 ? nil : "top-k must be at least 1, not \(count)"
    case .sample(.topP(let mass)):
      return mass > 0 && mass < 1 ? nil : "top-p must be between 0 and 1, not \(mass)"
    case .sample: return nil
    }
  }
}

/// A report that decoding has chosen.
public struct DecodedReport: Sendable, Equatable {
  /// The ids without the initial 0, with the final 0 if it was generated.
  public let tokens: [Int32]
  /// The natural logarithm of the probability that the model gives it, closing 0 included, whatever
  /// temperature, blocking and penalty the search had.
  public let logProbability: Double
  /// The score by which reports were ranked: the same with the temperature, blocking and length penalty.
  public let score: Double
}

/// An error of decoding.
public enum ReportDecodingError: Error, Equatable, CustomStringConvertible {
  /// The model produced a non-finite score.
  case notFinite(study: Int, step: Int)

  /// The reason on one line.
  public var description: String {
    switch self {
    case .notFinite(let study, let step):
      "the scores of word \(step + 1) of study \(study + 1) are not finite: the model's weights or the "
        + "image cause a numeric overflow; check the checkpoint with 'keepfit inspect'"
    }
  }
}
