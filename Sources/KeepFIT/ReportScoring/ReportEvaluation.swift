/// The evaluation of generated reports: scores with confidence intervals, a control, the diversity of texts,
/// and the correctness of findings.
public struct ReportEvaluation: Sendable {
  /// The options of an evaluation.
  public struct Options: Sendable {
    /// METEOR's function words.
    public var functionWords = FunctionWords.builtin
    /// The names of findings.
    public var lexicon = FindingLexicon.builtin
    /// The number of bootstrap resamples for the intervals; 0 for none.
    public var resamples = 1000
    /// The number of shuffles of the references for the control; 0 for none.
    public var shuffles = 5
    /// The random seed of both.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}
  }

  /// The options.
  public let options: Options
  /// The scores.
  public let scored: ScoredReports
  /// Intervals of the scores of all reports by metric; empty without resamples.
  public let intervals: [CaptionMetric: ScoreInterval]
  /// The scores against the references of other studies; nil without shuffles and for one report.
  public let control: ShuffledControl?
  /// The diversity of the hypotheses.
  public let hypotheses: CollapseStatistics
  /// The diversity of the references.
  public let references: CollapseStatistics
  /// The scores of findings.
  public let findings: FindingScores

  /// Evaluates reports.
  /// - Parameters:
  ///   - pairs: at least one.
  ///   - options: what is computed.
  public init(_ pairs: [ReportPair], options: Options = Options()) {
    let scorer = CaptionScorer(functionWords: options.functionWords)
    let found = FoundFindings(pairs, lexicon: options.lexicon)
    self.options = options
    scored = scorer.score(pairs)
    intervals =
      options.resamples > 0
      ? scored.intervals(resamples: options.resamples, seed: options.seed) : [:]
    control =
      options.shuffles > 0
      ? ShuffledControl(
        pairs, found: found, scorer: scorer, shuffles: options.shuffles, seed: options.seed) : nil
    hypotheses = CollapseStatistics(pairs.map(\.hypothesis))
    references = CollapseStatistics(pairs.flatMap(\.references))
    findings = FindingScores(found, order: Array(pairs.indices))
  }
}
