import Foundation

/// The tables over all configurations.
extension EvidenceReport {
  /// The columns of the results table. With two classes macro sensitivity and specificity equal balanced
  /// accuracy and are left out: those of the positive class have a separate table.
  static func scores(of results: [TransferResult]) -> [(key: String, title: String)] {
    let weights = Set(results.map { $0.kappaWeights ?? .quadratic })
    let kappa =
      weights.count == 1
      ? "\(weights.first == .quadratic ? "Quadratic" : "Unweighted") kappa" : "Kappa"
    let always = [
      ("aca", "Balanced accuracy"), ("auc_avg", "AUC"), ("f1_avg", "F1"), ("kappa", kappa),
    ]
    let isBinary = (results.first?.classes.count ?? 0) == 2
    let isOrdered =
      weights == [.quadratic] && results.contains { $0.mean["kappa_unweighted"] != nil }
    return always + (isOrdered && !isBinary ? [("kappa_unweighted", "Unweighted kappa")] : [])
      + (isBinary
        ? []
        : [("sensitivity_avg", "Sensitivity (macro)"), ("specificity_avg", "Specificity (macro)")])
  }

  func addResults(to page: inout HTMLPage) {
    page.section("Results")
    let scores = Self.scores(of: report.results)
    var best: [String: Double] = [:]
    for (key, _) in scores { best[key] = report.results.compactMap { $0.mean[key]?.scalar }.max() }
    var rows: [[HTMLPage.Cell]] = []
    for result in report.results {
      var row = [HTMLPage.Cell(Self.name(of: result)), .number("\(result.folds.count)")]
      for (key, _) in scores {
        guard let mean = result.mean[key]?.scalar else {
          row.append(.init(Self.undefined(result, key)))
          continue
        }
        let spread = result.folds.count > 1 ? result.std[key]?.scalar : nil
        let text =
          Self.text(mean) + (spread.map { " ± " + Self.text($0) } ?? "")
          + Self.text(Self.interval(result, key))
        row.append(.number(text, isBest: report.results.count > 1 && mean == best[key]))
      }
      rows.append(row)
      rows += quotedRows(for: result, scores: scores)
    }
    let hasFolds = report.results.contains { $0.folds.count > 1 }
    let methods = Self.methods(
      of: report.results.flatMap { result in
        scores.map { (name: $0.title, interval: Self.interval(result, $0.key)) }
      })
    page.table(
      ["Method", "Folds"] + scores.map(\.title), rows,
      caption: (hasFolds ? "Mean ± standard deviation over folds. " : "")
        + (methods.isEmpty
          ? ""
          : "In parentheses: 95 % confidence intervals over test images, where each image (or group) "
            + "counts once regardless of the number of folds (\(methods)). ")
        + (report.results.count > 1 ? "Bold: best in its column. " : "")
        + "Balanced accuracy is macro recall, published as ACA.")
    addKappaNote(to: &page)
    if let publication {
      page.paragraph("Gray italics: published in \(publication.source), not measured here.")
    }
    if report.results.count > 1 { page.figures([comparison()]) }
    addSweep(to: &page)
    let omitted = Set(report.results.flatMap(\.omitted)).sorted()
    if !omitted.isEmpty {
      page.notice(
        "No mean over folds, since some lack a class: " + omitted.joined(separator: ", "))
    }
    for result in report.results {
      let notes = Set(result.folds.flatMap(\.notes)).sorted()
      if !notes.isEmpty {
        page.notice("\(Self.name(of: result)): " + notes.joined(separator: "; "))
      }
    }
  }

  private func addKappaNote(to page: inout HTMLPage) {
    guard let result = report.results.first, result.classes.count > 2,
      let weights = result.kappaWeights
    else { return }
    page.paragraph(
      weights == .quadratic
        ? "Kappa is quadratically weighted over the order "
          + result.classes.joined(separator: " < ") + "."
        : "Kappa is unweighted, since the classes are not ordinal (set \"ordered\" in the experiment's "
          + "file if they are).")
  }

  private static func undefined(_ result: TransferResult, _ key: String) -> String {
    if result.omitted.contains(key) { return "undefined: some folds lack a class" }
    return result.mean[key] == nil
      ? "–" : "undefined: \(result.undefined?[key] ?? "only one class occurs")"
  }

  private static func interval(_ result: TransferResult, _ key: String) -> ConfidenceInterval? {
    result.intervals?[key] ?? (result.folds.count == 1 ? result.folds[0].intervals[key] : nil)
  }

  /// The published threshold sweep of the AMD experiment, next to a threshold chosen on training images.
  private func addSweep(to page: inout HTMLPage) {
    let swept = report.results.filter { $0.mean["AMD_auc"] != nil }
    guard let classes = swept.first?.classes else { return }
    let columns = [
      ("AMD_auc", "AUC"), ("AMD_kappa", "Kappa, threshold from the test labels"),
      ("AMD_f1", "F1, threshold from the test labels"),
      ("AMD_train_kappa", "Kappa, threshold from training images"),
      ("AMD_train_f1", "F1, threshold from training images"),
    ]
    page.heading("Threshold search of the AMD experiment, for the class \"\(classes[1])\"")
    page.table(
      ["Method"] + columns.map(\.1),
      swept.map { result in
        [HTMLPage.Cell(Self.name(of: result))]
          + columns.map { key, title in
            let text = result.mean[key].map { $0.scalar.map(Self.text) ?? "undefined" } ?? "–"
            return title.contains("test labels") ? .quoted(text) : .number(text)
          }
      },
      caption: "Gray: as published, with the threshold that is best on the test labels, which is "
        + "optimistic.")
  }

  /// A row per published model, of which the tables of the paper have several: then only those that can be
  /// downloaded, since all are in a separate section.
  private func quotedRows(
    for result: TransferResult, scores: [(key: String, title: String)]
  ) -> [[HTMLPage.Cell]] {
    let figures = (publication?.figures ?? []).filter { figure in
      figure.matches(result) && scores.contains { $0.key == figure.metric }
    }
    let models = Set(figures.map { $0.model ?? "" }).sorted()
    return models.filter { models.count < 3 || $0.contains("released") }.map { model in
      let own = figures.filter { ($0.model ?? "") == model }
      return [
        .init("published: " + (model.isEmpty ? result.method.rawValue : model)), .quoted(""),
      ]
        + scores.map { key, _ in
          .quoted(own.first { $0.metric == key }.map { Self.text($0.value) } ?? "")
        }
    }
  }

  private func comparison() -> String {
    func values(_ key: String) -> ([Double?], [Double?]) {
      (
        report.results.map { $0.mean[key]?.scalar },
        report.results.map { $0.folds.count > 1 ? $0.std[key]?.scalar : nil }
      )
    }
    let (accuracy, accuracySpread) = values("aca")
    let (auc, aucSpread) = values("auc_avg")
    var plot = BarPlot(
      title: "Balanced accuracy and area under the ROC curve (AUC)", yLabel: "score",
      categories: report.results.map(Self.name),
      groups: [
        .init("balanced accuracy", accuracy, spreads: accuracySpread),
        .init("AUC", auc, spreads: aucSpread),
      ])
    plot.size = (max(640, 110 * Double(report.results.count)), 420)
    plot.yLimits = 0...1.05
    return plot.svg()
  }
}
