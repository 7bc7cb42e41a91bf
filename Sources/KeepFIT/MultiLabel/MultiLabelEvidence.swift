import Foundation

/// The HTML report of an experiment with several labels per image.
public struct MultiLabelEvidence {
  /// The results.
  public var report: MultiLabelReport
  /// The model, the data and the version of the program.
  public var origin: ReportOrigin

  /// Creates a report on results.
  public init(_ report: MultiLabelReport, origin: ReportOrigin = ReportOrigin()) {
    self.report = report
    self.origin = origin
  }

  /// The page.
  public func page() -> HTMLPage {
    let first = report.results.first
    let tested = Set(first?.folds.flatMap(\.testImages) ?? []).count
    var page = HTMLPage(
      title: "Transfer: \(report.experiment)",
      subtitle: "several labels per image: " + counted(first?.classes.count ?? 0, "label") + ", "
        + counted(tested, "test image") + ", " + counted(report.results.count, "configuration"))
    page.notice(ReportOrigin.disclaimer)
    page.section("Summary")
    page.definitions(
      origin.facts(fingerprint: first?.model) + [
        (
          term: "Test images (n)",
          text: counted(tested, "image")
            + ((first?.folds.count ?? 1) > 1 ? ", in \(first?.folds.count ?? 1) folds" : "")
        ),
        (
          term: "Prevalence",
          text: (first?.labels ?? []).map {
            $0.label + String(format: " %.1f\u{a0}%%", 100 * $0.prevalence)
          }.joined(separator: ", ")
        ),
      ])
    addData(to: &page)
    addResults(to: &page)
    EvidenceReport.addComparisons(report.comparisons, to: &page)
    for result in report.results { addLabels(of: result, to: &page) }
    page.section("Glossary")
    page.definitions(EvidenceReport.glossary)
    return page
  }

  /// Writes the page under a temporary name and renames it.
  /// - Throws: `CocoaError` if the file cannot be written.
  public func write(to url: URL) throws { try page().write(to: url) }

  private func addData(to page: inout HTMLPage) {
    guard !report.notes.isEmpty || !report.skipped.isEmpty else { return }
    page.section("Data")
    page.list(report.notes)
    guard !report.skipped.isEmpty else { return }
    page.paragraph(
      "\(counted(report.skipped.count, "image")) could not be used and "
        + "\(report.skipped.count == 1 ? "is" : "are") left out:")
    page.list(report.skipped.prefix(10).map { "\($0.image): \($0.reason)" })
  }

  private static let scores = [
    ("auc_macro", "AUC"), ("average_precision_macro", "Average precision"), ("f1_macro", "F1"),
    ("sensitivity_macro", "Sensitivity"), ("specificity_macro", "Specificity"),
    ("f1_micro", "F1 (micro)"), ("exact_match", "Exact match"),
  ]

  private func addResults(to page: inout HTMLPage) {
    page.section("Results")
    let rows = report.results.map { result in
      [
        HTMLPage.Cell(EvidenceReport.name(of: result.configuration)),
        .number("\(result.folds.count)"),
      ]
        + Self.scores.map { key, _ -> HTMLPage.Cell in
          guard let mean = result.mean[key]?.scalar else { return "undefined" }
          let spread = result.folds.count > 1 ? result.std[key]?.scalar : nil
          let best = report.results.compactMap { $0.mean[key]?.scalar }.max()
          return .number(
            EvidenceReport.text(mean) + (spread.map { " ± " + EvidenceReport.text($0) } ?? ""),
            isBest: report.results.count > 1 && mean == best)
        }
    }
    page.table(
      ["Method", "Folds"] + Self.scores.map(\.1), rows,
      caption: "Unweighted means over the labels (macro), except micro F1, which counts all labels "
        + "together, and exact match, the fraction of images with every label right."
        + (report.results.contains { $0.folds.count > 1 }
          ? " Mean ± standard deviation over folds." : ""))
  }

  private func addLabels(of result: MultiLabelResult, to page: inout HTMLPage) {
    page.section(EvidenceReport.name(of: result.configuration))
    addTable(
      result.labels,
      caption: (result.folds.first?.thresholdSource == .validation
        ? "Thresholds maximize F1 on validation images."
        : "Thresholds are 0.5, since there are no validation images (--shots-val chooses better ones).")
        + " In parentheses: 95 % confidence intervals, each image (or group) once. PPV holds for the "
        + "prevalence in these test images.", to: &page)
    let temperatures = result.folds.compactMap(\.temperature)
    if !temperatures.isEmpty {
      page.paragraph(
        "Logits are divided by a temperature that was fitted on the validation images of each fold: "
          + temperatures.map(EvidenceReport.text).joined(separator: ", ") + ".")
    }
    page.figures(
      [
        curves(
          of: result, title: "ROC curves (AUC)", xLabel: "1 − specificity", yLabel: "sensitivity",
          isROC: true),
        curves(
          of: result, title: "Precision-recall curves (average precision)",
          xLabel: "recall (sensitivity)", yLabel: "precision (PPV)", isROC: false),
      ].compactMap { $0 })
    addExternal(of: result, to: &page)
  }

  /// The scores on each external test set, below those of the experiment.
  private func addExternal(of result: MultiLabelResult, to page: inout HTMLPage) {
    for (name, summary) in (result.external ?? [:]).sorted(by: { $0.key < $1.key }) {
      page.heading("External test set \(name)")
      addTable(
        summary.labels,
        caption:
          "All \(counted(result.folds.first?.external?[name]?.testImages.count ?? 0, "image")), "
          + "tested with the classifier of every fold. Means over the labels: "
          + Self.scores.map { key, title in
            "\(title) " + (summary.mean[key]?.scalar.map(EvidenceReport.text) ?? "undefined")
          }.joined(separator: ", ") + ".", to: &page)
    }
  }

  /// A table with a row per label.
  private func addTable(_ labels: [LabelScores], caption: String, to page: inout HTMLPage) {
    let names = ["sensitivity", "specificity", "ppv", "auc", "average_precision"]
    page.table(
      EvidenceReport.classTitles + ["Threshold"],
      labels.map { scores in
        let values = [
          scores.counts.sensitivity, scores.counts.specificity, scores.counts.precision, scores.auc,
          scores.averagePrecision,
        ]
        return EvidenceReport.classRow(
          scores.label, count: scores.counts.positives, total: scores.count,
          values: zip(names, values).map { (value: $1, interval: scores.intervals[$0]) })
          + [
            .number(scores.threshold.map(EvidenceReport.text) ?? "by fold")
          ]
      },
      caption: caption)
  }

  private func curves(
    of result: MultiLabelResult, title: String, xLabel: String, yLabel: String, isROC: Bool
  ) -> String? {
    let series = result.classes.indices.compactMap { label -> XYPlot.Series? in
      let curves = RankCurves(
        truth: result.folds.flatMap { $0.truth(label) },
        scores: result.folds.flatMap { $0.column(label) })
      let points = isROC ? curves.roc : curves.precisionRecall
      let area = isROC ? curves.areaUnderROC : curves.averagePrecision
      guard !points.isEmpty, let area else { return nil }
      return XYPlot.Series(
        "\(result.classes[label]): \(EvidenceReport.text(area))",
        points.map { XYPlot.Point($0.x, $0.y) })
    }
    guard !series.isEmpty else { return nil }
    return CurveSet.plot(
      title, xLabel, yLabel, series, reference: isROC ? [.init(0, 0), .init(1, 1)] : [])
  }
}
