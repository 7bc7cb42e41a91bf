import FundusTensor

/// Scores generated reports by the captioning metrics of the published evaluation.
///
/// Texts are used verbatim; see ``CaptionMetric/tokenization`` for the tokenization of each metric.
public struct CaptionScorer: Sendable {
  /// METEOR's function words.
  public var functionWords: FunctionWords

  /// A scorer.
  /// - Parameter functionWords: METEOR's function words; by default this package's own list.
  public init(functionWords: FunctionWords = .builtin) { self.functionWords = functionWords }

  /// Scores reports in parallel.
  /// - Parameter pairs: at least one.
  public func score(_ pairs: [ReportPair]) -> ScoredReports {
    precondition(!pairs.isEmpty, "there are no reports to score")
    var numbers = WordNumbers()
    let texts = pairs.map { NumberedPair($0, numbers: &numbers) }
    let frequencies = CIDErD(references: texts.map(\.references))
    let meteor = METEOR(functionWords: functionWords)
    let samples = ThreadPool.map(pairs.count) { index -> ScoredReports.Sample in
      let (pair, text) = (pairs[index], texts[index])
      return ScoredReports.Sample(
        bleu: BLEU.statistics(hypothesis: text.hypothesis, references: text.references),
        meteor: meteor.statistics(hypothesis: pair.hypothesis, references: pair.references),
        rougeL: ROUGEL.score(hypothesis: text.parts, references: text.referenceParts),
        cider: frequencies.score(hypothesis: text.hypothesis, references: text.references))
    }
    return ScoredReports(
      pairs: pairs, functionWords: functionWords, samples: samples,
      weighsNothing: frequencies.hasNoWeight)
  }
}

/// The texts of a pair as numbers.
private struct NumberedPair: Sendable {
  let hypothesis: NGrams
  let references: [NGrams]
  /// The parts between single spaces, for ROUGE-L.
  let parts: [Int32]
  let referenceParts: [[Int32]]

  init(_ pair: ReportPair, numbers: inout WordNumbers) {
    hypothesis = NGrams(numbers.numbers(ScoringTokens.words(pair.hypothesis)))
    references = pair.references.map { NGrams(numbers.numbers(ScoringTokens.words($0))) }
    parts = numbers.numbers(ScoringTokens.partsBetweenSpaces(pair.hypothesis))
    referenceParts = pair.references.map {
      numbers.numbers(ScoringTokens.partsBetweenSpaces($0))
    }
  }
}
