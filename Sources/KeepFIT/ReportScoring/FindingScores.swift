import FundusTensor

/// Precision and recall of the findings in hypotheses, by finding and overall.
///
/// A finding is correct if hypothesis and reference state it, regardless of its location. With several
/// references, one that states it is sufficient. Negated findings count as absent.
public struct FindingScores: Sendable, Equatable {
  /// Counts of one finding, or of all together.
  public struct Counts: Sendable, Equatable {
    /// Samples in which references and hypothesis state the finding.
    public var right = 0
    /// Samples in which only the references do.
    public var missed = 0
    /// Samples in which only the hypothesis does.
    public var invented = 0

    /// Samples whose references state it.
    public var references: Int { right + missed }
    /// Samples whose hypothesis states it.
    public var hypotheses: Int { right + invented }
    /// Precision: the fraction of statements that are correct; nil if no hypothesis states it.
    public var precision: Double? {
      hypotheses > 0 ? Double(right) / Double(hypotheses) : nil
    }
    /// Recall: the fraction of the references' findings that are stated; nil if no reference states it.
    public var recall: Double? { references > 0 ? Double(right) / Double(references) : nil }
    /// F1, the harmonic mean of both; nil if neither references nor hypotheses state it.
    public var f1: Double? {
      references + hypotheses > 0
        ? 2 * Double(right) / Double(references + hypotheses) : nil
    }
  }

  /// The findings of one sample.
  public struct Sample: Sendable, Equatable {
    /// Findings of references and hypothesis, in the order of the lexicon.
    public let right: [String]
    /// Findings of the references alone.
    public let missed: [String]
    /// Findings of the hypothesis alone.
    public let invented: [String]
  }

  /// The counts by finding, in the order of the lexicon, without findings that no text states.
  public let findings: [(name: String, counts: Counts)]
  /// By sample, in the order of the pairs.
  public let samples: [Sample]
  /// The sums over all findings.
  public let total: Counts

  /// The mean F1 over the findings that references or hypotheses state; nil when there are none.
  public var macroF1: Double? {
    let values = findings.compactMap(\.counts.f1)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// Searches hypotheses and references for findings.
  public init(_ pairs: [ReportPair], lexicon: FindingLexicon) {
    let found = FoundFindings(pairs, lexicon: lexicon)
    self.init(found, order: Array(pairs.indices))
  }

  /// The scores with the references of other samples.
  init(_ found: FoundFindings, order: [Int]) {
    var counts: [String: Counts] = [:]
    var total = Counts()
    var samples: [Sample] = []
    for index in order.indices {
      let stated = found.hypotheses[index]
      let wanted = found.references[order[index]]
      let right = found.names.filter { stated.contains($0) && wanted.contains($0) }
      let missed = found.names.filter { !stated.contains($0) && wanted.contains($0) }
      let invented = found.names.filter { stated.contains($0) && !wanted.contains($0) }
      for name in right { counts[name, default: Counts()].right += 1 }
      for name in missed { counts[name, default: Counts()].missed += 1 }
      for name in invented { counts[name, default: Counts()].invented += 1 }
      total.right += right.count
      total.missed += missed.count
      total.invented += invented.count
      samples.append(Sample(right: right, missed: missed, invented: invented))
    }
    findings = found.names.compactMap { name in counts[name].map { (name, $0) } }
    self.samples = samples
    self.total = total
  }

  /// Whether all counts and samples are equal.
  public static func == (first: FindingScores, second: FindingScores) -> Bool {
    first.samples == second.samples && first.total == second.total
      && first.findings.elementsEqual(second.findings) { $0 == $1 }
  }
}

/// The findings that texts state.
struct FoundFindings: Sendable {
  let names: [String]
  let hypotheses: [Set<String>]
  let references: [Set<String>]

  init(_ pairs: [ReportPair], lexicon: FindingLexicon) {
    names = lexicon.findingNames
    let found = ThreadPool.map(pairs.count) { index in
      (
        lexicon.findings(in: pairs[index].hypothesis).affirmed,
        pairs[index].references.reduce(into: Set<String>()) {
          $0.formUnion(lexicon.findings(in: $1).affirmed)
        }
      )
    }
    hypotheses = found.map(\.0)
    references = found.map(\.1)
  }
}
