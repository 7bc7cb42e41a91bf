import Foundation
import KeepFIT

/// The text output of an evaluation of reports.
struct ReportScoreText {
  let evaluation: ReportEvaluation

  init(_ evaluation: ReportEvaluation) { self.evaluation = evaluation }

  /// Tables and notes.
  var text: String {
    ([scores, notes, variety, findings].filter { !$0.isEmpty }).joined(separator: "\n")
  }

  private func number(_ value: Double?) -> String {
    value.map { String(format: "%.4f", $0) } ?? "undefined"
  }

  private var scores: String {
    let corpus = evaluation.scored.corpus
    let hasIntervals = !evaluation.intervals.isEmpty
    var header = ["metric", "score"]
    if hasIntervals { header.append("95 % interval") }
    if evaluation.control != nil { header.append("shuffled") }
    var table = TextTable(header, [.left] + Array(repeating: .right, count: header.count - 1))
    for metric in CaptionMetric.allCases {
      var row = [metric.rawValue, number(corpus[metric])]
      if hasIntervals {
        row.append(
          evaluation.intervals[metric].map { "\(number($0.lower)) – \(number($0.upper))" } ?? "")
      }
      if let control = evaluation.control { row.append(number(control.mean[metric])) }
      table.add(row)
    }
    return table.text
  }

  private var notes: String {
    let words = evaluation.options.functionWords
    var lines = [
      "\(Pretty.count(evaluation.scored.pairs.count, "report")), scored verbatim",
      "METEOR: exact and stem modules; function words: "
        + (words.name == FunctionWords.builtin.name
          ? "built-in list" : words.name.quotable(limit: 200))
        + " (\(Pretty.count(words.count, "word")))",
      "CIDER is CIDEr-D with the document frequencies of these references",
    ]
    if let control = evaluation.control {
      lines.append(
        "shuffled: the same hypotheses against the references of other studies, mean over "
          + Pretty.count(control.shuffles, "shuffle"))
      if control.unchangedShare > 0 {
        lines.append(
          String(
            format: "  %.1f %% of the shuffled references are identical to the true ones",
            100 * control.unchangedShare))
      }
    }
    lines += evaluation.undefined.map { "\($0.name) is undefined: \($0.reason)" }
    if evaluation.scored.weighsNothing, evaluation.undefined.isEmpty {
      lines.append("CIDER is 0: every n-gram occurs in the references of every sample")
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private var variety: String {
    var table = TextTable(
      ["", "distinct reports", "most frequent", "distinct 4-grams", "mean words", "empty"],
      [.left, .right, .right, .right, .right, .right])
    for (name, part) in [
      ("hypotheses", evaluation.hypotheses), ("references", evaluation.references),
    ] {
      table.add([
        name, "\(Pretty.count(part.distinctReports)) of \(Pretty.count(part.reports))",
        String(format: "%.1f %%", 100 * part.commonestShare),
        "\(Pretty.count(part.distinctFourGrams)) of \(Pretty.count(part.fourGrams))",
        String(format: "%.1f", part.meanLength), Pretty.count(part.emptyReports),
      ])
    }
    return table.text
  }

  private var findings: String {
    let scores = evaluation.findings
    guard !scores.findings.isEmpty else {
      return
        "No text states a finding of the lexicon \(evaluation.options.lexicon.name.quotable(limit: 80))\n"
    }
    var table = TextTable(
      ["finding", "n", "predicted", "precision", "recall", "F1"],
      [.left, .right, .right, .right, .right, .right])
    func add(_ name: String, _ counts: FindingScores.Counts) {
      table.add([
        name.quotable(limit: 60), Pretty.count(counts.references), Pretty.count(counts.hypotheses),
        number(counts.precision), number(counts.recall), number(counts.f1),
      ])
    }
    for (name, counts) in scores.findings { add(name, counts) }
    add("all (micro)", scores.total)
    table.add(["all (macro)", "", "", "", "", number(scores.macroF1)])
    if let control = evaluation.control {
      table.add(["all (micro), shuffled", "", "", "", "", number(control.microF1)])
    }
    return table.text
  }
}
