import Foundation

/// The page of a ``ReportTrial``: scores next to baselines, precision and recall by finding, and studies with
/// their images, attention, and true and generated reports.
public struct ReportTrialPage {
  /// The trial.
  public let trial: ReportTrial
  /// The model, for the attention maps.
  public let generator: ReportGenerator
  /// The number of studies that are shown, spread evenly over all of them.
  public var examples = 6
  /// Notes on the data and the model.
  public var notes: [String] = []

  /// The page of a trial.
  public init(_ trial: ReportTrial, generator: ReportGenerator) {
    self.trial = trial
    self.generator = generator
  }

  /// The page.
  /// - Throws: `ImageError` for an image that can no longer be read.
  public func page() throws -> HTMLPage {
    var page = HTMLPage(
      title: "Reports of fluorescein angiograms",
      subtitle: "\(trial.studies.count) studies: generated and true reports")
    page.section("Scores")
    addScores(to: &page)
    for (name, reason) in trial.absent {
      page.paragraph("Without the baseline \u{201C}\(name)\u{201D}: \(reason).")
    }
    page.section("Findings")
    addFindings(to: &page)
    page.section("Studies")
    try addExamples(to: &page)
    if !notes.isEmpty {
      page.section("Setup")
      page.list(notes)
    }
    return page
  }

  /// The scores of the model and the baselines.
  func addScores(to page: inout HTMLPage) {
    let metrics: [CaptionMetric] = [.bleu1, .bleu4, .meteor, .rougeL, .cider]
    var rows = trial.contenders.map { contender -> [HTMLPage.Cell] in
      let evaluation = contender.evaluation
      let best = { (value: (ReportEvaluation) -> Double?) -> HTMLPage.Cell in
        let own = value(evaluation)
        let most = trial.contenders.compactMap { value($0.evaluation) }.max()
        return .number(Self.number(own), isBest: own != nil && own == most)
      }
      return [.init(contender.name)] + metrics.map { metric in best { $0.scored.corpus[metric] } }
        + [
          best { $0.findings.total.precision }, best { $0.findings.total.recall },
          best { $0.findings.total.f1 },
          .number("\(evaluation.hypotheses.distinctReports)"),
        ]
    }
    if let control = trial.evaluation.control {
      rows.append(
        [.init("model, shuffled studies")]
          + metrics.map { .quoted(Self.number(control.mean[$0])) }
          + [.quoted(""), .quoted(""), .quoted(Self.number(control.microF1)), .quoted("")])
    }
    page.table(
      ["Reports by"] + metrics.map(\.rawValue)
        + ["finding precision", "finding recall", "finding F1", "distinct reports"], rows,
      caption:
        "\(trial.studies.count) studies with \(trial.evaluation.references.distinctReports) distinct "
        + "reports. Findings are micro averages. Shuffled: the same reports against those of other studies."
    )
  }

  /// Precision and recall by finding.
  func addFindings(to page: inout HTMLPage) {
    // Of the baselines, those that look at the image.
    let others = trial.contenders.dropFirst().filter { !$0.isConstant }
    let baselines = others.map {
      Dictionary(uniqueKeysWithValues: $0.evaluation.findings.findings)
    }
    let rows = trial.evaluation.findings.findings.map { name, counts -> [HTMLPage.Cell] in
      let share = trial.prevalence[name] ?? 0
      return [
        .init(name), .number("\(counts.references)"), .number("\(counts.right)"),
        .number("\(counts.missed)"), .number("\(counts.invented)"),
        .number(Self.number(counts.precision)), .number(Self.number(counts.recall)),
        .number(Self.number(counts.f1)),
      ] + baselines.map { .quoted(Self.number($0[name]?.f1)) } + [
        .quoted(Self.number(2 * share / (1 + share)))
      ]
    }
    page.table(
      [
        "Finding", "studies", "right", "missed", "invented", "precision", "recall", "F1",
      ] + others.map { "F1, \($0.name)" } + ["F1, always stated"], rows,
      caption:
        "Findings of the lexicon that occur in the true or the generated reports. The last column is the F1 of "
        + "always stating the finding, at its frequency in the training reports.")
  }

  /// Studies with images, attention and reports.
  func addExamples(to page: inout HTMLPage) throws {
    let count = min(examples, trial.studies.count)
    let chosen = (0..<count).map { $0 * trial.studies.count / count }
    page.gallery(
      try chosen.map { index in
        let study = trial.studies[index]
        let pair = trial.evaluation.scored.pairs[index]
        let findings = trial.evaluation.findings.samples[index]
        let image = trial.root.appending(path: study.images[0])
        let attention = try generator.attention(
          contentsOf: image, report: trial.reports[index].best)
        let images = [
          try attention.image.jpegData(quality: 88), try attention.overlay().jpegData(quality: 88),
        ]
        var lines = ["True: " + pair.references[0], "Generated: " + pair.hypothesis]
        for (title, names) in [
          ("correct", findings.right), ("missed", findings.missed),
          ("hallucinated", findings.invented),
        ] where !names.isEmpty {
          lines.append("Findings \(title): " + names.joined(separator: ", "))
        }
        return (
          images,
          study.id + (study.images.count > 1 ? " (first of \(study.images.count) images)" : ""),
          lines
        )
      })
    page.paragraph(
      "The right image is overlaid with the attention of the decoder's last layer, averaged over the words of the "
        + "generated report and scaled from its minimum to its maximum.")
  }

  private static func number(_ value: Double?) -> String {
    value.map { String(format: "%.3f", $0) } ?? "–"
  }
}
