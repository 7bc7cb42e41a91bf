/// All that is said of generated reports: scores with intervals, a control, how varied the texts are, and
/// which findings are right.
public struct ReportEvaluation: Sendable {
  /// What is computed, and from which lists of words.
  public struct Options: Sendable {
    /// METEOR's function words.
    public var functionWords = FunctionWords.builtin
    /// The names of findings.
    public var lexicon = FindingLexicon.builtin
    /// How often reports are drawn anew for the intervals; 0 for no intervals.
    public var resamples = 1000
    /// How often references are shuffled for the control; 0 for no control.
    public var shuffles = 5
    /// The random seed of both.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}
  }

  /// What was asked for.
  public let options: Options
  /// The scores.
  public let scored: ScoredReports
  /// Intervals of the scores of all reports by metric; empty without resamples.
  public let intervals: [CaptionMetric: ScoreInterval]
  /// The scores against the references of other studies; nil without shuffles and for one report.
  public let control: ShuffledControl?
  /// How varied the hypotheses are.
  public let hypotheses: CollapseStatistics
  /// How varied the references are.
  public let references: CollapseStatistics
  /// How well findings are named.
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
