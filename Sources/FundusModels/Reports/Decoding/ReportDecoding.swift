import Foundation

/// How a report is chosen from the probabilities of its words.
public struct ReportDecoding: Sendable, Equatable {
  /// The way of choosing.
  public enum Method: Sendable, Equatable {
    /// The most probable word at every step.
    case greedy
    /// The best of the reports that `size` prefixes at a time lead to, exactly.
    case beam(size: Int)
    /// Beam search by groups of `size / groups` prefixes, in which a group avoids the words that the
    /// groups before it have chosen at the same position: each of these lowers the score of a word by
    /// `strength` (Vijayakumar et al., arXiv 1610.02424).
    case diverseBeam(size: Int, groups: Int, strength: Double)
    /// A word drawn at every step.
    case sample(Sampling)
  }

  /// Which words are drawn.
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

  /// How scores of finished reports of different lengths are compared.
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

  /// What happens to a word that would repeat three words of the same report.
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
  /// The most words of a report, the closing 0 included.
  public var maximumLength = 90
  /// τ: log-probabilities become log softmax(log p / τ), in beam search from the second word on, as
  /// published. Greedy choices do not change.
  public var temperature: Double = 1
  /// How finished reports are compared in beam search.
  public var lengthPenalty = LengthPenalty.none
  /// What happens to repeated trigrams.
  public var trigramBlocking = TrigramBlocking.none
  /// Whether a word may follow itself.
  public var allowsRepeats = true
  /// Words that are never chosen, `<unk>` for example.
  public var bannedTokens: Set<Int32> = []
  /// Whether beam search ends as soon as nothing can change its answer.
  public var stopsEarly = true

  /// The published way: three beams, 90 words.
  public init(_ method: Method = .beam(size: 3)) { self.method = method }

  /// What the settings cannot be, or nil.
  /// - Parameter tokenCount: V', the number of ids of the model.
  public func problem(tokenCount: Int) -> String? {
    let choices = tokenCount - bannedTokens.filter { (0..<Int32(tokenCount)).contains($0) }.count
    if maximumLength < 1 { return "the maximum length must be at least 1, not \(maximumLength)" }
    if !(temperature > 0 && temperature.isFinite) {
      return "the temperature must be positive, not \(temperature)"
    }
    if choices < 1 { return "every word is banned" }
    if case .wu(let alpha) = lengthPenalty, !alpha.isFinite {
      return "a length penalty of \(alpha) is not finite"
    }
    switch method {
    case .greedy: return nil
    case .beam(let size):
      return (1...choices).contains(size)
        ? nil : "a beam size of \(size) is not within 1 and the \(choices) words of the model"
    case .diverseBeam(let size, let groups, let strength):
      if groups < 1 || size < groups || size % groups != 0 {
        return "\(groups) groups do not divide a beam size of \(size)"
      }
      if size / groups > choices {
        return "groups of \(size / groups) beams are more than the \(choices) words of the model"
      }
      return strength >= 0 && strength.isFinite ? nil : "a diversity of \(strength) is negative"
    case .sample(.topK(let count)):
      return count >= 1 ? nil : "a top-k of \(count) is less than 1"
    case .sample(.topP(let mass)):
      return mass > 0 && mass < 1 ? nil : "a top-p of \(mass) is not between 0 and 1"
    case .sample: return nil
    }
  }
}

/// A report that decoding has chosen.
public struct DecodedReport: Sendable, Equatable {
  /// The ids without the opening 0, with the closing one if it was chosen.
  public let tokens: [Int32]
  /// The natural logarithm of the probability that the model gives it, closing 0 included, whatever
  /// temperature, blocking and penalty the search had.
  public let logProbability: Double
  /// What reports were ranked by: the same with the temperature, blocking and length penalty.
  public let score: Double
}

/// Why decoding stopped.
public enum ReportDecodingError: Error, Equatable, CustomStringConvertible {
  /// The model gave a number that is not one.
  case notFinite(study: Int, step: Int)

  /// The reason on one line.
  public var description: String {
    switch self {
    case .notFinite(let study, let step):
      "the scores of word \(step + 1) of study \(study + 1) are not finite: the model's weights or the "
        + "image lead out of the range of numbers; check the checkpoint with 'keepfit inspect'"
    }
  }
}
