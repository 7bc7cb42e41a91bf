import FundusTensor

/// The scores of the same hypotheses against the references of other studies.
///
/// A model that ignores the image has the same scores as against the true references: only the difference
/// reflects what it recognizes in the image.
public struct ShuffledControl: Sendable {
  /// The number of shuffles.
  public let shuffles: Int
  /// The mean over the shuffles by metric.
  public let mean: [CaptionMetric: Double]
  /// The standard deviation over the shuffles (n - 1); without metrics of a single shuffle.
  public let deviation: [CaptionMetric: Double]
  /// The fraction of hypotheses whose shuffled references equal the true ones, since studies share texts.
  public let unchangedShare: Double
  /// The micro-averaged F1 of findings, the mean over the shuffles; nil where it is undefined.
  public let microF1: Double?

  /// Scores hypotheses against references of other studies; nil for fewer than two reports.
  ///
  /// Each shuffle is one cycle through all reports, so that none keeps its own references.
  /// - Parameters:
  ///   - pairs: the reports.
  ///   - lexicon: the names of findings.
  ///   - scorer: the scorer.
  ///   - shuffles: the number of shuffles; at least 1.
  ///   - seed: the same seed gives the same control.
  public init?(
    _ pairs: [ReportPair], lexicon: FindingLexicon = .builtin, scorer: CaptionScorer, shuffles: Int,
    seed: UInt64
  ) {
    self.init(
      pairs, found: FoundFindings(pairs, lexicon: lexicon), scorer: scorer, shuffles: shuffles,
      seed: seed)
  }

  init?(
    _ pairs: [ReportPair], found: FoundFindings, scorer: CaptionScorer, shuffles: Int, seed: UInt64
  ) {
    precondition(shuffles > 0, "the control needs at least one shuffle")
    guard pairs.count > 1 else { return nil }
    let stream = RandomStream(seed: seed).derived("shuffled references")
    var scores: [CaptionMetric: [Double]] = [:]
    var microF1: [Double] = []
    var unchanged = 0
    for shuffle in 0..<shuffles {
      var stream = stream.derived(UInt64(shuffle))
      let order = Self.cycle(pairs.count, &stream)
      let shuffled = pairs.indices.map { index in
        let other = pairs[order[index]]
        if other.references == pairs[index].references { unchanged += 1 }
        return ReportPair(
          id: pairs[index].id, hypothesis: pairs[index].hypothesis, references: other.references)
      }
      if let value = FindingScores(found, order: order).total.f1 { microF1.append(value) }
      let corpus = scorer.score(shuffled).corpus
      for metric in CaptionMetric.allCases {
        if let value = corpus[metric] { scores[metric, default: []].append(value) }
      }
    }
    self.shuffles = shuffles
    let mean = scores.mapValues { $0.reduce(0, +) / Double($0.count) }
    self.mean = mean
    deviation =
      shuffles < 2
      ? [:]
      : Dictionary(
        uniqueKeysWithValues: scores.map { metric, values in
          let center = mean[metric] ?? 0
          let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
          return (metric, (squares / Double(values.count - 1)).squareRoot())
        })
    self.microF1 = microF1.isEmpty ? nil : microF1.reduce(0, +) / Double(microF1.count)
    unchangedShare = Double(unchanged) / Double(shuffles * pairs.count)
  }

  /// A permutation without fixed points: one cycle, drawn uniformly (Sattolo, 1986).
  private static func cycle(_ count: Int, _ stream: inout RandomStream) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, stream.index(below: last))
    }
    return order
  }
}
