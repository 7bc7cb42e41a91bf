import Foundation

/// What a clinician wants to see of a transfer: how well each method does, where it errs, how far its
/// confidence can be trusted, and which pictures it gets wrong.
public struct EvidenceReport {
  /// A figure from elsewhere that is shown beside ours, marked as quoted.
  public struct Reference: Sendable, Codable {
    /// The method.
    public var method: TransferMethod
    /// Training pictures of each class, as `80%` or `5`; nil where there are none.
    public var shots: SampleCount?
    /// The score's published name, such as `aca` or `auc_avg`.
    public var metric: String
    /// The figure.
    public var value: Double
  }

  /// Figures of a publication.
  public struct Publication: Sendable, Codable {
    /// Whose they are, such as "KeepFIT (MICCAI 2024), Table 2".
    public var source: String
    /// The figures.
    public var figures: [Reference]
  }

  /// A picture that was called wrong.
  public struct Mistake: Sendable {
    /// The path.
    public var image: String
    /// The picture, and the map of what spoke for the wrong class, as JPEG or PNG files.
    public var pictures: [Data]
    /// The true class and the one that was called.
    public var truth: String, called: String
    /// The probability of the called class.
    public var confidence: Double
    /// The method.
    public var method: String
  }

  /// The results.
  public var report: TransferReport
  /// Figures to compare with; nil for none.
  public var publication: Publication?
  /// The embeddings of pictures `[N, D]` and their classes, for the projection.
  public var embeddings: (values: Tensor, labels: [Int])?
  /// The most confident mistakes, most confident first.
  public var mistakes: [Mistake] = []

  /// A report on these results.
  public init(_ report: TransferReport) { self.report = report }

  static let scores = [
    ("aca", "ACA"), ("auc_avg", "AUC"), ("f1_avg", "F1"), ("kappa", "Kappa"),
    ("sensitivity_avg", "Sensitivity"), ("specificity_avg", "Specificity"),
  ]

  /// The page.
  public func page() -> HTMLPage {
    let classes = report.results.first?.classes ?? []
    let tested = report.results.first?.folds.first?.labels.count ?? 0
    var page = HTMLPage(
      title: "Transfer: \(report.experiment)",
      subtitle: "\(classes.count) classes, \(tested) test pictures in a fold, "
        + "\(report.results.count) configurations")
    addResults(to: &page)
    for result in report.results { addEvidence(of: result, to: &page) }
    addProjection(classes: classes, to: &page)
    addMistakes(to: &page)
    return page
  }

  /// Writes the page under a temporary name and renames it.
  /// - Throws: `CocoaError` if the file cannot be written.
  public func write(to url: URL) throws { try page().write(to: url) }

  static func name(of result: TransferResult) -> String {
    result.method.isTrained
      ? "\(result.method.rawValue), \(result.configuration.split.train)\u{a0}to\u{a0}train"
      : result.method.rawValue
  }

  // MARK: - Tables

  private func addResults(to page: inout HTMLPage) {
    page.section("Results")
    var best: [String: Double] = [:]
    for (key, _) in Self.scores {
      best[key] = report.results.compactMap {
        $0.mean[key]?.scalar
      }
      .filter(\.isFinite).max()
    }
    var rows: [[HTMLPage.Cell]] = []
    for result in report.results {
      var row = [HTMLPage.Cell(Self.name(of: result)), .number("\(result.folds.count)")]
      for (key, _) in Self.scores {
        let mean = result.mean[key]?.scalar
        let spread = result.std[key]?.scalar
        guard let mean, mean.isFinite else {
          row.append(.number("–"))
          continue
        }
        let text =
          String(format: "%.3f", mean)
          + (result.folds.count > 1
            ? String(format: " ± %.3f", spread ?? 0) : interval(result, key))
        row.append(.number(text, isBest: report.results.count > 1 && mean == best[key]))
      }
      rows.append(row)
      if let quoted = quotedRow(for: result) { rows.append(quoted) }
    }
    page.table(
      ["Method", "Folds"] + Self.scores.map(\.1), rows,
      caption:
        "Mean and standard deviation over the folds; with one fold, 95 % bootstrap intervals. "
        + "Bold: the best of a column.")
    if let publication {
      page.paragraph("Grey italics: quoted from \(publication.source), not measured here.")
    }
    if report.results.count > 1 { page.figures([comparison()]) }
    addSweep(to: &page)
    let omitted = Set(report.results.flatMap(\.omitted)).sorted()
    if !omitted.isEmpty {
      page.notice(
        "No mean over the folds, since some lack a class: " + omitted.joined(separator: ", "))
    }
    for result in report.results {
      let notes = Set(result.folds.flatMap(\.notes)).sorted()
      if !notes.isEmpty {
        page.notice("\(Self.name(of: result)): " + notes.joined(separator: "; "))
      }
    }
  }

  /// The published threshold sweep of two classes, beside a threshold that has not seen the test.
  private func addSweep(to page: inout HTMLPage) {
    let swept = report.results.filter { $0.mean["AMD_auc"] != nil }
    guard !swept.isEmpty else { return }
    let columns = [
      ("AMD_auc", "AUC of class 1"), ("AMD_kappa", "kappa, threshold from the test labels"),
      ("AMD_f1", "F1, threshold from the test labels"),
      ("AMD_train_kappa", "kappa, threshold from training"),
      ("AMD_train_f1", "F1, threshold from training"),
    ]
    page.table(
      ["Method"] + columns.map(\.1),
      swept.map { result in
        [HTMLPage.Cell(Self.name(of: result))]
          + columns.map { key, title in
            let text = result.mean[key]?.scalar.map { String(format: "%.3f", $0) } ?? "–"
            return title.contains("test labels") ? .quoted(text) : .number(text)
          }
      },
      caption: "Grey: as published, with the threshold that suits the test labels best, which is "
        + "optimistic.")
  }

  private func interval(_ result: TransferResult, _ key: String) -> String {
    guard let interval = result.folds.first?.intervals[key] else { return "" }
    return String(format: " (%.3f–%.3f)", interval.lower, interval.upper)
  }

  private func quotedRow(for result: TransferResult) -> [HTMLPage.Cell]? {
    let figures = (publication?.figures ?? []).filter {
      $0.method == result.method
        && (!result.method.isTrained || $0.shots == nil
          || $0.shots == result.configuration.split.train)
    }
    guard !figures.isEmpty else { return nil }
    return [.init("quoted: " + result.method.rawValue), .quoted("")]
      + Self.scores.map { key, _ in
        .quoted(figures.first { $0.metric == key }.map { String(format: "%.3f", $0.value) } ?? "")
      }
  }

  private func comparison() -> String {
    func values(_ key: String) -> ([Double?], [Double?]) {
      (
        report.results.map { $0.mean[key]?.scalar },
        report.results.map {
          $0.folds.count > 1 ? $0.std[key]?.scalar : nil
        }
      )
    }
    let (aca, acaSpread) = values("aca")
    let (auc, aucSpread) = values("auc_avg")
    var plot = BarPlot(
      title: "Average accuracy of the classes and area under the ROC curve", yLabel: "score",
      categories: report.results.map(Self.name),
      groups: [
        .init("ACA", aca, spreads: acaSpread), .init("AUC", auc, spreads: aucSpread),
      ])
    plot.size = (max(640, 110 * Double(report.results.count)), 420)
    plot.yLimits = 0...1.05
    return plot.svg()
  }

  private func addMistakes(to page: inout HTMLPage) {
    guard !mistakes.isEmpty else { return }
    page.section("Most confident mistakes")
    page.paragraph(
      "Pictures that were called wrong with the highest confidence. Beside each picture: where it "
        + "speaks for the called class rather than for the true one, brighter for more.")
    page.gallery(
      mistakes.map { mistake in
        (
          images: mistake.pictures,
          heading: "called \(mistake.called), is \(mistake.truth)",
          lines: [
            String(format: "confidence %.2f, ", mistake.confidence) + mistake.method, mistake.image,
          ]
        )
      })
  }
}
