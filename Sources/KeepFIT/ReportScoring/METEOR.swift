import Foundation

/// METEOR 1.5 for English with its modules exact and stem, in the setting of the program's task "rank":
/// α = 0.85, β = 0.20, γ = 0.60, δ = 0.75, weights 1.0 and 0.6 (Denkowski and Lavie, WMT 2014).
package struct METEOR: Sendable {
  private static let alpha = 0.85
  private static let beta = 0.20
  private static let gamma = 0.60
  private static let delta = 0.75
  private static let stageWeights = [1.0, 0.6]

  /// The function words, which have lower weight since their matches say little about the meaning.
  let functionWords: FunctionWords

  package init(functionWords: FunctionWords) { self.functionWords = functionWords }

  /// Words of one side, all and those of them that are function words.
  struct Count: Sendable, Equatable {
    var all = 0
    var function = 0

    /// δ for each content word and 1 - δ for each function word.
    var weighted: Double { delta * Double(all - function) + (1 - delta) * Double(function) }

    mutating func add(isFunction: Bool) {
      all += 1
      if isFunction { function += 1 }
    }

    static func += (sum: inout Count, part: Count) {
      sum.all += part.all
      sum.function += part.function
    }
  }

  /// The statistics of samples; corpus scores are computed from their sum.
  package struct Statistics: Sendable, Equatable {
    var hypothesis = Count()
    var reference = Count()
    /// Matched words of the hypothesis by module: exact, stem.
    var hypothesisMatches = [Count(), Count()]
    /// Matched words of the reference by module.
    var referenceMatches = [Count(), Count()]
    /// Runs of matches that are contiguous in both texts.
    var chunks = 0

    /// Whether every word of both sides is matched, in one run.
    private var isPerfect: Bool {
      chunks == 1 && hypothesis.all == matched(hypothesisMatches)
        && reference.all == matched(referenceMatches)
    }

    private func matched(_ counts: [Count]) -> Int { counts.reduce(0) { $0 + $1.all } }

    static func += (sum: inout Statistics, part: Statistics) {
      sum.hypothesis += part.hypothesis
      sum.reference += part.reference
      for stage in part.hypothesisMatches.indices {
        sum.hypothesisMatches[stage] += part.hypothesisMatches[stage]
        sum.referenceMatches[stage] += part.referenceMatches[stage]
      }
      sum.chunks += part.isPerfect ? 0 : part.chunks
    }

    /// `F (1 - γ frag^β)`, or 0 without a match.
    package var score: Double {
      func weighted(_ counts: [Count]) -> Double {
        zip(stageWeights, counts).reduce(0) { $0 + $1.0 * $1.1.weighted }
      }
      let precision = weighted(hypothesisMatches) / hypothesis.weighted
      let recall = weighted(referenceMatches) / reference.weighted
      let harmonic = 1 / ((1 - alpha) / precision + alpha / recall)
      let matches = Double(matched(hypothesisMatches) + matched(referenceMatches)) / 2
      let fragmentation = isPerfect ? 0 : Double(chunks) / matches
      let score = harmonic * (1 - gamma * pow(fragmentation, beta))
      return score.isNaN ? 0 : max(0, score)
    }
  }

  /// A text prepared for the comparison with others.
  struct Text: Sendable {
    var words: [Int32]
    var stems: [Int32]
    var isFunction: [Bool]
  }

  /// The statistics of one sample, against the reference that gives the best score (the first of equal
  /// ones).
  package func statistics(hypothesis: String, references: [String]) -> Statistics {
    var numbers = WordNumbers()
    // The program reads its input between bars.
    let hypothesis = prepared(hypothesis.replacing("|||", with: ""), &numbers)
    var best: Statistics?
    for reference in references {
      let statistics = Self.compare(hypothesis, prepared(reference, &numbers))
      if best.map({ statistics.score > $0.score }) ?? true { best = statistics }
    }
    return best ?? Statistics()
  }

  private func prepared(_ text: String, _ numbers: inout WordNumbers) -> Text {
    let words = METEORNormalizer.words(text)
    return Text(
      words: numbers.numbers(words), stems: numbers.numbers(words.map(EnglishStemmer.stem)),
      isFunction: words.map(functionWords.contains))
  }

  private static func compare(_ hypothesis: Text, _ reference: Text) -> Statistics {
    var statistics = Statistics()
    for isFunction in hypothesis.isFunction { statistics.hypothesis.add(isFunction: isFunction) }
    for isFunction in reference.isFunction { statistics.reference.add(isFunction: isFunction) }
    let matches = METEORAligner.align(
      hypothesis: (hypothesis.words, hypothesis.stems),
      reference: (reference.words, reference.stems))
    var previous: METEORAligner.Match?
    for match in matches {
      let stage = match.stage.rawValue
      statistics.hypothesisMatches[stage].add(isFunction: hypothesis.isFunction[match.hypothesis])
      statistics.referenceMatches[stage].add(isFunction: reference.isFunction[match.reference])
      let follows =
        previous.map {
          match.reference == $0.reference + 1 && match.hypothesis == $0.hypothesis + 1
        } ?? false
      if !follows { statistics.chunks += 1 }
      previous = match
    }
    return statistics
  }
}
