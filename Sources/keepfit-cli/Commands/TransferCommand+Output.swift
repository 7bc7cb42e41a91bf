import Foundation
import FundusTensor
import KeepFIT

/// The report and the table.
extension TransferCommand {
  func evidence(
    _ report: TransferReport, _ run: TransferRun, _ publication: EvidenceReport.Publication?
  ) throws -> EvidenceReport {
    var page = EvidenceReport(report)
    page.publication = publication
    if let sample = try run.projectionSample(of: report) {
      let tested = report.results[0].folds[0].testImages.count
      page.embeddings = (sample.values, sample.labels, tested)
    }
    return page
  }

  /// The published results of `--reference`.
  func publishedFigures(_ file: FilePath) throws -> EvidenceReport.Publication {
    if file.text == "paper" {
      guard let publication = PaperTables.publication(for: experiment.value) else {
        throw CommandError.usage(
          "--reference paper: the paper has no results for '\(experiment.value)', only for "
            + PaperTables.experiments.joined(separator: ", "))
      }
      return publication
    }
    do { return try EvidenceReport.Publication(contentsOf: file.url) } catch {
      throw CommandError.usage("--reference \(error)")
    }
  }

  /// Says what the fitted temperatures do.
  static func noteTemperatures(_ report: TransferReport) {
    for result in report.results {
      let effects = result.folds.compactMap(\.temperature)
      guard !effects.isEmpty else { continue }
      func mean(_ value: (TransferResult.TemperatureEffect) -> Double) -> Double {
        effects.reduce(0) { $0 + value($1) } / Double(effects.count)
      }
      Console.note(
        "Note: \(EvidenceReport.name(of: result.configuration)): "
          + String(
            format: "temperature %.3f, expected calibration error %.3f without it, %.3f with it",
            mean(\.temperature), mean(\.errorBefore), mean(\.errorAfter))
          + (effects.count > 1 ? " (means over folds)" : "")
          + (effects.contains { $0.isAtLimit }
            ? "; a temperature is at its limit: the validation images are too few, or uninformative"
            : ""))
    }
  }

  /// The published results next to the measured ones; empty if there are none.
  static func publishedTable(
    _ report: TransferReport, _ publication: EvidenceReport.Publication?
  ) -> String {
    var page = EvidenceReport(report)
    page.publication = publication
    let rows = page.published()
    guard let publication, !rows.isEmpty else { return "" }
    var table = TextTable(
      ["published", "model", "score", "published", "measured"],
      [.left, .left, .left, .right, .right])
    for row in rows {
      table.add([
        row.method, row.model, EvidenceReport.title(of: row.metric),
        String(format: "%.3f", row.published), String(format: "%.3f", row.measured),
      ])
    }
    return "\nPublished in \(publication.source):\n" + table.text
      + (publication.caution.map { $0 + "\n" } ?? "")
  }

  static func table(_ report: TransferReport) -> String {
    let scores = ["aca", "auc_avg", "f1_avg", "kappa"]
    // All results share the classes, which determine the weights of kappa.
    let weights = report.results.first?.kappaWeights == .quadratic ? "quadratic" : "unweighted"
    let positive = report.results.first?.positive?.positive
    let titles =
      ["balanced accuracy", "AUC", "F1", "kappa (\(weights))"]
      + (positive.map { ["sensitivity (\($0))", "specificity (\($0))"] } ?? [])
    var table = TextTable(
      ["method", "train", "folds"] + titles, [.left, .right, .right] + titles.map { _ in .right })
    for result in report.results {
      var row = [
        result.method.rawValue,
        result.method.isTrained ? result.configuration.split.train.description : "-",
        String(result.folds.count),
      ]
      for score in scores {
        guard let mean = result.mean[score]?.scalar else {
          row.append("undefined: " + (result.undefined?[score] ?? "some folds lack a class"))
          continue
        }
        var text = String(format: "%.3f", mean)
        if result.folds.count > 1, let spread = result.std[score]?.scalar {
          text += String(format: " ± %.3f", spread)
        }
        row.append(text)
      }
      if positive != nil {
        for (name, value, reason) in result.positive?.values.prefix(2) ?? [] {
          let interval = result.positive?.intervals[name].map {
            String(format: " (%.3f–%.3f)", $0.lower, $0.upper)
          }
          row.append(
            value.map { String(format: "%.3f", $0) + (interval ?? "") } ?? "undefined: \(reason)")
        }
      }
      table.add(row)
    }
    return table.text
  }
}
