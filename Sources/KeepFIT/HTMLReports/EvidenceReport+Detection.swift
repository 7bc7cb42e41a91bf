import Foundation

/// Adds the section on the positive class.
extension EvidenceReport {
  func addDetection(to page: inout HTMLPage) {
    let found = report.results.compactMap { result in
      result.positive.map { (name: Self.name(of: result), scores: $0, folds: result.folds.count) }
    }
    guard let first = found.first?.scores else { return }
    let classes = report.results.first?.classes ?? []
    let others =
      classes.count == 2
      ? classes.first { $0 != first.positive } ?? "the other class" : "all other classes"
    page.section("Positive class: \(first.positive)")
    page.paragraph(
      "\(first.positive) (positive) against \(others) (negative), predicted by the highest "
        + "probability.")
    let titles = [
      "sensitivity": "Sensitivity", "specificity": "Specificity", "ppv": "PPV", "npv": "NPV",
      "auc": "AUC", "average_precision": "Average precision",
    ]
    page.table(
      ["Method", "n", "n positive"] + first.values.map { titles[$0.name] ?? $0.name },
      found.map { item in
        [
          HTMLPage.Cell(item.name), .number("\(item.scores.count)"),
          .number("\(item.scores.counts.positives)"),
        ]
          + item.scores.values.map { name, value, reason in
            value.map { .number(Self.text($0) + Self.text(item.scores.intervals[name])) }
              ?? .init("undefined: \(reason)")
          }
      },
      caption: "n: test images" + (found.contains { $0.folds > 1 } ? ", summed over folds" : "")
        + ". In parentheses: 95 % confidence intervals, each image (or group) once ("
        + Self.methods(
          of: found.flatMap { item in
            item.scores.values.map { (titles[$0.name] ?? $0.name, item.scores.intervals[$0.name]) }
          }) + "). PPV and NPV hold for the prevalence of the positive class in this test set, "
        + String(
          format: "%.0f %%.",
          100 * Double(first.counts.positives) / Double(max(1, first.count))))
    addOperatingPoints(found, to: &page)
  }

  private func addOperatingPoints(
    _ found: [(name: String, scores: DetectionScores, folds: Int)], to page: inout HTMLPage
  ) {
    let rows = found.flatMap { name, scores, folds in
      scores.operatingPoints.map { point -> [HTMLPage.Cell] in
        let isOptimistic = point.source == .test
        func cell(_ value: Double?) -> HTMLPage.Cell {
          let text = value.map(Self.text) ?? "undefined"
          return isOptimistic ? .quoted(text) : .number(text)
        }
        return [
          HTMLPage.Cell(name),
          HTMLPage.Cell(
            "\(point.criterion.rawValue) ≥ " + String(format: "%.0f %%", point.target * 100)),
          HTMLPage.Cell("\(point.source.rawValue) images" + (isOptimistic ? " (optimistic)" : "")),
          .number(point.threshold.map(Self.text) ?? (folds > 1 ? "by fold" : "none")),
          cell(point.sensitivity),
          cell(point.specificity),
        ]
      }
    }
    guard !rows.isEmpty else { return }
    page.table(
      [
        "Method", "Target", "Threshold chosen on", "Threshold", "Sensitivity (test)",
        "Specificity (test)",
      ], rows,
      caption:
        "Operating points: thresholds on the probability of the positive class. A threshold that was "
        + "chosen on other images may miss its target on the test images; one chosen on the test "
        + "images (gray) meets it by construction and is optimistic.")
  }
}
