/// Reports with their scores: for the corpus, for each report, and for any resample of them.
public struct ScoredReports: Sendable {
  /// The statistics of one report.
  struct Sample: Sendable {
    let bleu: BLEU.Statistics
    let meteor: METEOR.Statistics
    let rougeL: Double
    let cider: Double
  }

  /// The scored pairs.
  public let pairs: [ReportPair]
  /// METEOR's function words.
  public let functionWords: FunctionWords
  /// Whether every n-gram occurs in the references of every sample, so that CIDEr-D is 0 whatever the
  /// hypotheses say.
  public let weighsNothing: Bool
  private let samples: [Sample]

  init(
    pairs: [ReportPair], functionWords: FunctionWords, samples: [Sample], weighsNothing: Bool
  ) {
    self.pairs = pairs
    self.functionWords = functionWords
    self.samples = samples
    self.weighsNothing = weighsNothing
  }

  /// The scores of all reports. BLEU and METEOR are computed from sums over the reports, ROUGE-L and
  /// CIDEr-D are means. CIDEr-D of a single report is undefined.
  public var corpus: CaptionScores { scores(of: samples.indices) }

  /// The scores of one report, with the document frequencies of all. BLEU and METEOR of all reports are
  /// not the means of these.
  public func sample(_ index: Int) -> CaptionScores { scores(of: CollectionOfOne(index)) }

  /// The scores of a resample of reports, in which some may occur several times. Document frequencies remain
  /// those of all reports.
  package func scores(of indices: some Collection<Int>) -> CaptionScores {
    var bleu = BLEU.Statistics()
    var meteor = METEOR.Statistics()
    var rougeL = 0.0
    var cider = 0.0
    for index in indices {
      let sample = samples[index]
      bleu += sample.bleu
      meteor += sample.meteor
      rougeL += sample.rougeL
      cider += sample.cider
    }
    let count = Double(indices.count)
    // METEOR's sum leaves out the one chunk of a perfect match, which changes nothing for one sample.
    let parts = bleu.scores
    var values: [CaptionMetric: Double] = [
      .bleu1: parts[0], .bleu2: parts[1], .bleu3: parts[2], .bleu4: parts[3],
      .meteor: meteor.score, .rougeL: rougeL / count,
    ]
    if samples.count > 1 { values[.cider] = cider / count }
    return CaptionScores(values)
  }
}
