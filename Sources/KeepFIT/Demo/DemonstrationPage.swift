import Foundation

/// The report of a demonstration.
struct DemonstrationPage {
  let demonstration: Demonstration
  let study: ObjectiveStudy
  let outcomes: [ObjectiveStudy.Outcome]
  let reported: ReportDemonstration.Outcome?

  func page() throws -> HTMLPage {
    let settings = study.settings
    var page = HTMLPage(
      title: "KeepFIT on synthetic fundus images",
      subtitle:
        "Two objectives from the same random weights, evaluated on held-out images of seen and unseen "
        + "classes")
    addResults(to: &page)
    try addImages(to: &page)
    try addCurves(to: &page)
    addConfusions(to: &page)
    try addReports(to: &page)
    page.section("Setup")
    page.list([
      "\(demonstration.dataset.publicCount) labeled images in three datasets with sparse and partly "
        + "wrong labels, \(demonstration.dataset.expertCount) expert images with captions, "
        + "\(demonstration.dataset.testPerClass) test images per class, image size "
        + "\(settings.imageSize) pixels, random seed \(settings.seed). All images are synthetic.",
      "The model preset '\(settings.preset)' with random weights, \(settings.epochs) epochs, batch size "
        + "\(settings.batchSize) (labeled images and, for KeepFIT, as many expert pairs).",
      "Unseen classes are held out: their labels do not occur in the labeled datasets, but the expert "
        + "captions describe them.",
      "Zero-shot: each class embedding is the mean over its descriptions in the built-in knowledge "
        + "table. 95 % confidence intervals (Wilson by class, combined by MOVER) are over the test "
        + "images of one training run.",
    ])
    page.notice(
      "Synthetic images show that the parts work together. They do not predict performance on real "
        + "photographs, and one run per objective says little about which is better: Benchmarks/ has "
        + "several seeds.")
    return page
  }

  private static func name(_ objective: ObjectiveName?) -> String {
    switch objective {
    case nil: "random weights"
    case .flair: "FLAIR: labeled images only"
    case .keepfit: "KeepFIT: labeled images and expert pairs"
    case let other?: other.rawValue
    }
  }

  private var experiments: [String] { outcomes.first?.scores.map(\.experiment) ?? [] }

  private func score(_ outcome: ObjectiveStudy.Outcome, _ experiment: String)
    -> ObjectiveStudy.Score?
  {
    outcome.scores.first { $0.experiment == experiment }
  }

  private func addResults(to page: inout HTMLPage) {
    page.section("Results")
    var header = ["Model"]
    for name in experiments {
      let count = score(outcomes[0], name)?.classes.count ?? 0
      header += [
        "Zero-shot, \(name) (\(count) classes)", "95 % CI", "AUC", "5-shot linear probe, \(name)",
      ]
    }
    func best(_ value: (ObjectiveStudy.Score) -> Double?, _ experiment: String) -> Double? {
      outcomes.compactMap { score($0, experiment).flatMap(value) }.max()
    }
    let rows = outcomes.map { outcome -> [HTMLPage.Cell] in
      var row: [HTMLPage.Cell] = [.init(Self.name(outcome.objective))]
      for name in experiments {
        guard let score = score(outcome, name) else { continue }
        let accuracy = score.metrics.averageClassAccuracy
        row.append(
          .number(
            Self.percent(accuracy),
            isBest: accuracy == best({ $0.metrics.averageClassAccuracy }, name)))
        row.append(
          .number(
            score.intervals["aca"].map { "\(Self.percent($0.lower))–\(Self.percent($0.upper))" }
              ?? ""
          ))
        row.append(
          .number(
            score.metrics.auc.map { String(format: "%.3f", $0) } ?? "undefined",
            isBest: score.metrics.auc == best({ $0.metrics.auc }, name)))
        row.append(.number(Self.percent(score.probe), isBest: score.probe == best(\.probe, name)))
      }
      return row
    }
    page.table(
      header, rows,
      caption: "Balanced accuracy (macro recall, published as ACA) in percent, unless noted.")
    let groups = outcomes.map { outcome in
      BarPlot.Group(
        Self.name(outcome.objective),
        experiments.map { score(outcome, $0)?.metrics.averageClassAccuracy })
    }
    var plot = BarPlot(
      title: "Zero-shot balanced accuracy", yLabel: "balanced accuracy",
      categories: experiments.map { "\($0) classes" }, groups: groups)
    plot.yLimits = 0...1
    page.figures([plot.svg()])
  }

  private static func percent(_ value: Double) -> String { String(format: "%.1f", value * 100) }

  private func addImages(to page: inout HTMLPage) throws {
    page.section("Training data")
    for (name, title) in [("public", "Labeled images"), ("expert", "Expert pairs")] {
      let file = study.data.appending(path: "manifests/\(name).csv")
      let manifest = try Manifest(contentsOf: file, root: study.data)
      let step = max(1, manifest.rows.count / 6)
      page.heading(title)
      page.gallery(
        try stride(from: 0, to: manifest.rows.count, by: step).prefix(6).map { index in
          let row = manifest.rows[index]
          let text = row.caption(in: .english) ?? row.categories.joined(separator: ", ")
          return (
            [try Data(contentsOf: manifest.imageURL(of: row))], row.dataset,
            [text, row.caption(in: .chinese) ?? ""].filter { !$0.isEmpty }
          )
        })
    }
  }

  private func addCurves(to page: inout HTMLPage) throws {
    page.section("Training")
    var figures: [String] = []
    for outcome in outcomes {
      guard let run = outcome.run, let objective = outcome.objective else { continue }
      let metrics = try RunMetrics(contentsOf: run.appending(path: "metrics.jsonl"))
      let names = metrics.terms.isEmpty ? ["loss"] : metrics.terms
      for name in names {
        guard let column = metrics.columns[name] else { continue }
        figures.append(
          XYPlot(
            title: "\(objective.rawValue): \(name)", xLabel: "Step", yLabel: name,
            series: [
              XYPlot.Series("", column.thinned(to: 400), isFaint: true),
              XYPlot.Series("", column.smoothed().thinned(to: 200)),
            ]
          ).svg())
      }
    }
    page.figures(figures)
    for outcome in outcomes {
      guard let run = outcome.run else { continue }
      page.paragraph(
        "\(Self.name(outcome.objective)): \(Int(outcome.seconds.rounded())) s; details in "
          + "\(run.lastPathComponent)/report.html.")
    }
  }

  private func addReports(to page: inout HTMLPage) throws {
    guard let reported, let settings = demonstration.reports else { return }
    page.section("Angiography reports")
    page.paragraph(
      "A small report model, trained on \(settings.studies * 7 / 10) synthetic angiograms for \(settings.epochs) "
        + "epochs, and its transformer for \(settings.transformerEpochs) more, in "
        + "\(Int(reported.seconds.rounded())) s, reports on \(reported.trial.studies.count) others. "
        + "Such short training from random weights learns the language of reports before it learns to interpret "
        + "images: compare the findings with those of the nearest training study.")
    let reports = ReportTrialPage(reported.trial, generator: reported.generator)
    try reports.addExamples(to: &page)
    reports.addScores(to: &page)
    reports.addFindings(to: &page)
  }

  private func addConfusions(to page: inout HTMLPage) {
    page.section("Results by unseen class")
    page.figures(
      outcomes.compactMap { outcome in
        guard outcome.objective != nil, let score = score(outcome, "unseen") else { return nil }
        let confusion = score.metrics.confusion
        return MatrixPlot.confusion(
          counts: confusion.counts, names: confusion.classes.map { score.classes[$0] },
          title: Self.name(outcome.objective)
        ).svg()
      })
  }
}
