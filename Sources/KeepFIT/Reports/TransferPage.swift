import Foundation

/// `report.html` of a transfer run: tables, confusion matrices, ROC and precision-recall curves with
/// their bands, reliability, the embeddings in two dimensions and the most confident mistakes.
public struct TransferPage {
  /// A test picture that was called wrong with confidence.
  public struct Mistake: Sendable {
    /// The picture as PNG or JPEG, and its explanation map if there is one.
    public var images: [Data]
    /// The picture's path.
    public var name: String
    /// The true class, the called class and its probability.
    public var lines: [String]

    /// A mistake.
    public init(images: [Data], name: String, lines: [String]) {
      self.images = images
      self.name = name
      self.lines = lines
    }
  }

  /// The results.
  public var report: TransferReport
  /// Test pictures that were called wrong with confidence, the worst first.
  public var mistakes: [Mistake] = []
  /// Embeddings of pictures and their classes, for the map in two dimensions.
  public var embeddings: (features: Tensor, labels: [Int])?

  /// A page without pictures.
  public init(_ report: TransferReport) { self.report = report }

  private static let scores: [(key: String, name: String)] = [
    ("aca", "ACA"), ("auc_avg", "AUC"), ("f1_avg", "F1"), ("kappa", "kappa"),
    ("accuracy", "accuracy"), ("ece", "ECE"),
  ]

  /// What a result is called in tables and figures.
  static func label(_ result: TransferResult) -> String {
    result.method.isTrained
      ? "\(result.method.rawValue), \(result.configuration.split.train)"
      : result.method.rawValue
  }

  /// The page.
  /// - Throws: ``TransferError`` when a result holds no test pictures.
  public func page() throws -> HTMLPage {
    let first = report.results.first
    var page = HTMLPage(
      title: "Transfer to \(report.experiment)",
      subtitle: "\(first?.classes.count ?? 0) classes, \(first?.folds.count ?? 0) folds of "
        + "\(first?.folds.first?.labels.count ?? 0) test pictures, model \(first?.model ?? "")")
    addTable(to: &page)
    addComparison(to: &page)
    for result in report.results { try add(result, to: &page) }
    addEmbeddings(to: &page)
    if !mistakes.isEmpty {
      page.section("Most confident mistakes")
      page.paragraph(
        "Right of each picture: where it speaks for the class that it was called (bright), by the "
          + "gradient of the image-text similarity.")
      page.gallery(mistakes.map { (images: $0.images, heading: $0.name, lines: $0.lines) })
    }
    return page
  }

  /// Writes the page under a temporary name and renames it.
  public func write(to url: URL) throws { try page().write(to: url) }

  private func number(_ result: TransferResult, _ key: String) -> Double? {
    result.mean[key]?.scalar.flatMap { $0.isFinite ? $0 : nil }
  }

  private func addTable(to page: inout HTMLPage) {
    page.section("Results")
    let best = Self.scores.map { score in
      let values = report.results.compactMap { number($0, score.key) }
      return score.key == "ece" ? values.min() : values.max()
    }
    let rows = report.results.map { result in
      [HTMLPage.Cell(Self.label(result))]
        + Self.scores.enumerated().map { index, score in
          guard let value = number(result, score.key) else { return HTMLPage.Cell.number("–") }
          let spread = result.std[score.key]?.scalar ?? 0
          return .number(
            String(format: "%.3f ± %.3f", value, spread), isBest: value == best[index])
        }
    }
    page.table(
      ["Method"] + Self.scores.map(\.name), rows,
      caption: "Mean and population standard deviation over folds. ACA: average class accuracy. "
        + "kappa: quadratic weights. ECE: expected calibration error, lower is better.")
    let amd = report.results.filter { $0.mean["AMD_auc"] != nil }
    if !amd.isEmpty {
      let keys = ["AMD_auc", "AMD_kappa", "AMD_f1", "AMD_train_kappa", "AMD_train_f1"]
      page.table(
        [
          "Method", "AUC of class 1", "kappa, threshold from test", "F1, threshold from test",
          "kappa, threshold from training", "F1, threshold from training",
        ],
        amd.map { result in
          [HTMLPage.Cell(Self.label(result))]
            + keys.enumerated().map { index, key in
              let text = number(result, key).map { String(format: "%.3f", $0) } ?? "–"
              return index == 1 || index == 2 ? .quoted(text) : .number(text)
            }
        },
        caption: "Grey: as published, with the threshold that suits the test pictures best, which "
          + "is optimistic.")
    }
    let notes = Set(report.results.flatMap { $0.folds.flatMap(\.notes) }).sorted()
    for note in notes.prefix(20) { page.notice(note) }
    let omitted = Set(report.results.flatMap(\.omitted)).sorted()
    if !omitted.isEmpty {
      page.notice("No mean over folds, as some lack a class: " + omitted.joined(separator: ", "))
    }
  }

  private func addComparison(to page: inout HTMLPage) {
    guard report.results.count > 1 else { return }
    let plots = [("aca", "ACA"), ("auc_avg", "AUC")].map { key, name in
      BarPlot(
        title: "\(name) by method", yLabel: name, categories: report.results.map(Self.label),
        groups: [
          BarPlot.Group(
            name, report.results.map { number($0, key) },
            spreads: report.results.map { $0.std[key]?.scalar })
        ]
      ).svg()
    }
    page.figures(plots)
  }

  private func add(_ result: TransferResult, to page: inout HTMLPage) throws {
    page.section(Self.label(result))
    let rows = result.folds.flatMap(\.probabilities)
    let pooled = try Predictions(labels: result.folds.flatMap(\.labels), rows: rows)
    let classes = result.classes
    let confusion = ConfusionMatrix(
      truth: pooled.labels, predicted: pooled.predicted, classes: Array(classes.indices))
    let present = classes.indices.filter(pooled.labels.contains)
    var roc: [XYPlot.Series] = []
    var recall: [XYPlot.Series] = []
    for label in present {
      let curves = RankCurves(
        truth: pooled.labels.map { $0 == label }, scores: pooled.column(label))
      let area = curves.areaUnderROC
      var series = XYPlot.Series(
        "\(classes[label]) (\(String(format: "%.3f", area)))",
        curves.roc.map { XYPlot.Point($0.x, $0.y) })
      // A band for each of many classes would hide the curves.
      if present.count == 2 && label == present[1] || present.count == 1 {
        let steps = 50
        series.band = Bootstrap.rocBand(pooled, class: label, steps: steps, resamples: 200)
          .enumerated().map {
            (x: Double($0.offset) / Double(steps), low: $0.element.lower, high: $0.element.upper)
          }
      }
      roc.append(series)
      recall.append(
        XYPlot.Series(
          "\(classes[label]) (\(String(format: "%.3f", curves.averagePrecision)))",
          curves.precisionRecall.map { XYPlot.Point($0.x, $0.y) }))
    }
    func unit(_ title: String, _ x: String, _ y: String, _ series: [XYPlot.Series]) -> String {
      var plot = XYPlot(title: title, xLabel: x, yLabel: y, series: series)
      plot.xLimits = 0...1
      plot.yLimits = 0...1
      return plot.svg()
    }
    let bins = Calibration(pooled).bins.filter { $0.count > 0 }
    page.figures([
      MatrixPlot.confusion(
        counts: confusion.counts, names: classes, title: "Confusion, all folds together"
      ).svg(),
      unit("ROC (area)", "false positive rate", "true positive rate", roc),
      unit("Precision and recall (average precision)", "recall", "precision", recall),
      unit(
        "Reliability", "confidence", "share called right",
        [
          XYPlot.Series("perfect", [XYPlot.Point(0, 0), XYPlot.Point(1, 1)], isFaint: true),
          XYPlot.Series(
            "pictures", bins.map { XYPlot.Point($0.confidence, $0.accuracy) },
            look: .lineAndMarkers, tips: bins.map { "\($0.count) pictures" }),
        ]),
    ])
    let intervals = result.folds.first?.intervals.sorted { $0.key < $1.key } ?? []
    if !intervals.isEmpty {
      page.paragraph(
        "95 % bootstrap intervals on fold 0: "
          + intervals.map {
            "\($0.key) \(String(format: "%.3f to %.3f", $0.value.lower, $0.value.upper))"
          }.joined(separator: ", ") + ".")
    }
    for (name, summary) in (result.external ?? [:]).sorted(by: { $0.key < $1.key }) {
      let text = Self.scores.compactMap { score in
        summary.mean[score.key]?.scalar.map { "\(score.name) \(String(format: "%.3f", $0))" }
      }
      page.paragraph("External test on \(name): \(text.joined(separator: ", ")).")
    }
  }

  private func addEmbeddings(to page: inout HTMLPage) {
    guard let (features, labels) = embeddings, features.shape[0] > 2,
      let classes = report.results.first?.classes,
      let components = try? PrincipalComponents(features, components: 2),
      components.directions.shape[0] == 2
    else { return }
    let places = matmul(features - components.mean, components.directions, transposeB: true).scalars
    let series = classes.enumerated().map { label, name in
      XYPlot.Series(
        name,
        labels.indices.filter { labels[$0] == label }.map {
          XYPlot.Point(Double(places[$0 * 2]), Double(places[$0 * 2 + 1]))
        }, look: .markers)
    }
    page.section("Embeddings")
    page.figures([
      XYPlot(
        title: "Test pictures along the two strongest directions", xLabel: "first component",
        yLabel: "second component", series: series
      ).svg()
    ])
    page.paragraph("Principal components of the picture features; distances elsewhere are hidden.")
  }
}
