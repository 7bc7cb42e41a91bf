/// Reports put together from typical sentences of training reports, one for each finding that has a high score: a
/// baseline with the findings of a zero-shot classifier and the language of the training reports.
///
/// A finding is stated where its score is above that of all but as many training studies as state it: about as often
/// as in training, whatever the scale of its scores.
public struct TemplateReports: Sendable {
  /// The findings that training reports state, in the order of the lexicon.
  public var findings: [String] { known.map(\.name) }

  private struct Known: Sendable {
    let name: String
    let implied: Set<String>
    /// How many training reports state it.
    let count: Int
    let sentence: String
  }
  private let known: [Known]
  private let opening: String?
  private let plain: String

  /// Learns sentences and frequencies of findings.
  /// - Parameters:
  ///   - training: training reports as the tokenizer leaves them, sentences ending with ` .`; at least one.
  ///   - lexicon: the names of findings.
  public init(_ training: [String], lexicon: FindingLexicon) {
    precondition(!training.isEmpty, "there are no training reports")
    let stated = ThreadPool.map(training.count) { lexicon.findings(in: training[$0]).affirmed }
    var sentences = SentenceCounts()
    var openings: [String] = []
    for text in training {
      for (index, sentence) in Self.sentences(of: text).enumerated() {
        let affirmed = sentences.add(sentence, lexicon)
        if index == 0, affirmed.isEmpty { openings.append(sentence) }
      }
    }
    known = lexicon.findings.compactMap { finding in
      let count = stated.count { $0.contains(finding.name) }
      guard count > 0 else { return nil }
      let own = Set(finding.implies).union([finding.name])
      return Known(
        name: finding.name, implied: Set(finding.implies), count: count,
        sentence: sentences.typical(of: finding.name, allowing: own) ?? finding.name + " .")
    }
    opening = openings.isEmpty ? nil : CollapseStatistics.commonest(openings).text
    let silent = zip(training, stated).filter { $1.isEmpty }.map(\.0)
    plain = silent.isEmpty ? opening ?? "" : CollapseStatistics.commonest(silent).text
  }

  /// The reports of studies.
  /// - Parameters:
  ///   - scores: for each study the scores of ``findings``; higher is more probable.
  ///   - trainingScores: the same for the training studies.
  /// - Returns: a report for each study: the opening of most reports and a sentence for each finding, or the most
  ///   frequent training report without findings.
  public func reports(scores: [[Float]], trainingScores: [[Float]]) -> [String] {
    let limits = known.indices.map { index in
      let sorted = trainingScores.map { $0[index] }.sorted(by: >)
      return known[index].count < sorted.count ? sorted[known[index].count] : -.infinity
    }
    return scores.map { row in report(known.indices.filter { row[$0] > limits[$0] }) }
  }

  private func report(_ stated: [Int]) -> String {
    guard !stated.isEmpty else { return plain }
    // Leakage of the optic disc is leakage, which needs no sentence of its own then.
    let implied = stated.reduce(into: Set<String>()) { $0.formUnion(known[$1].implied) }
    let parts = stated.filter { !implied.contains(known[$0].name) }.map { known[$0].sentence }
    return ((opening.map { [$0] } ?? []) + parts).joined(separator: " ")
  }

  /// The sentences of a report, each with its closing dot.
  private static func sentences(of text: String) -> [String] {
    text.split(separator: " ").split(separator: ".")
      .map { $0.joined(separator: " ") + " ." }
  }
}

/// How often sentences occur, and what they state.
private struct SentenceCounts {
  private var counts: [String: Int] = [:]
  private var affirmed: [String: Set<String>] = [:]
  private var order: [String] = []

  /// Counts a sentence; returns the findings that it states.
  mutating func add(_ sentence: String, _ lexicon: FindingLexicon) -> Set<String> {
    counts[sentence, default: 0] += 1
    if let known = affirmed[sentence] { return known }
    let found = lexicon.findings(in: sentence).affirmed
    affirmed[sentence] = found
    order.append(sentence)
    return found
  }

  /// The sentence that states a finding and the fewest others, the most frequent of them, the first in a tie.
  func typical(of finding: String, allowing own: Set<String>) -> String? {
    func others(_ sentence: String) -> Int { affirmed[sentence]?.subtracting(own).count ?? 0 }
    var best: (sentence: String, others: Int, count: Int)?
    for sentence in order where affirmed[sentence]?.contains(finding) == true {
      let (extra, count) = (others(sentence), counts[sentence] ?? 0)
      if let best, (best.others, -best.count) <= (extra, -count) { continue }
      best = (sentence, extra, count)
    }
    return best?.sentence
  }
}
