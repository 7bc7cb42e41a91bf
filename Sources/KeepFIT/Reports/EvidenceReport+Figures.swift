extension EvidenceReport {
  /// Confusion, ROC, precision and recall, and calibration of one configuration. Folds are pooled:
  /// every test picture counts as often as it was tested.
  func addEvidence(of result: TransferResult, to page: inout HTMLPage) {
    let labels = result.folds.flatMap(\.labels)
    let rows = result.folds.flatMap(\.probabilities)
    guard let predictions = try? Predictions(labels: labels, rows: rows),
      let folds = try? result.folds.map({ try $0.predictions() })
    else { return }
    let tested = TestedFolds(folds, names: result.folds.map(\.clusterNames))
    page.section(Self.name(of: result))
    let names = result.classes
    var counts = [[Int]](
      repeating: [Int](repeating: 0, count: names.count), count: names.count)
    for (truth, called) in zip(labels, predictions.predicted) { counts[truth][called] += 1 }
    let pooled = result.folds.count > 1 ? ", \(result.folds.count) folds together" : ""
    page.figures([
      MatrixPlot.confusion(counts: counts, names: names, title: "Confusion matrix" + pooled).svg(),
      roc(predictions, tested, names: names), precisionRecall(predictions, tested, names: names),
      reliability(predictions),
    ])
    for (name, summary) in (result.external ?? [:]).sorted(by: { $0.key < $1.key }) {
      let texts = Self.scores.compactMap { key, title in
        summary.mean[key]?.scalar.map { "\(title) \(PlotScale.grouped($0, decimals: 3))" }
      }
      page.paragraph("On \(name): " + texts.joined(separator: ", ") + ".")
    }
  }

  /// The classes that get a curve: of two, the second says all.
  private func curveClasses(_ predictions: Predictions, _ names: [String]) -> [Int] {
    let present = Set(predictions.labels)
    let all = names.indices.filter { present.contains($0) && present.count > 1 }
    return names.count == 2 ? all.filter { $0 == 1 } : Array(all.prefix(8))
  }

  private func curves(_ predictions: Predictions, class label: Int) -> RankCurves {
    RankCurves(truth: predictions.labels.map { $0 == label }, scores: predictions.column(label))
  }

  private func roc(_ predictions: Predictions, _ tested: TestedFolds, names: [String]) -> String {
    let series = curveClasses(predictions, names).map { label in
      let curve = curves(predictions, class: label)
      let band = Bootstrap.rocBand(tested, class: label, steps: 50, resamples: 200)
      return XYPlot.Series(
        "\(names[label]): \(PlotScale.grouped(curve.areaUnderROC ?? 0, decimals: 3))",
        curve.roc.map { XYPlot.Point($0.x, $0.y) },
        band: Self.shown(band, of: names), color: PlotStyle.color(label))
    }
    var plot = XYPlot(
      title: "ROC curves, with their areas", xLabel: "1 − specificity", yLabel: "sensitivity",
      series: series)
    plot.reference = [.init(0, 0), .init(1, 1)]
    plot.xLimits = 0...1
    plot.yLimits = 0...1
    plot.size = (560, 470 + 22 * Double(max(0, series.count - 1)))
    return plot.svg()
  }

  /// A band to draw, unless so many classes have one that they would cover each other.
  private static func shown(
    _ band: [ConfidenceInterval], of names: [String]
  ) -> [(x: Double, low: Double, high: Double)] {
    guard names.count <= 3 else { return [] }
    return band.enumerated().map {
      (x: Double($0) / Double(band.count - 1), low: $1.lower, high: $1.upper)
    }
  }

  private func precisionRecall(_ predictions: Predictions, _ tested: TestedFolds, names: [String])
    -> String
  {
    let series = curveClasses(predictions, names).map { label in
      let curve = curves(predictions, class: label)
      let band = Bootstrap.precisionRecallBand(
        tested, class: label, steps: 50, resamples: 200)
      return XYPlot.Series(
        "\(names[label]): \(PlotScale.grouped(curve.averagePrecision ?? 0, decimals: 3))",
        curve.precisionRecall.map { XYPlot.Point($0.x, $0.y) },
        band: Self.shown(band, of: names), color: PlotStyle.color(label))
    }
    var plot = XYPlot(
      title: "Precision and recall, with average precision", xLabel: "recall", yLabel: "precision",
      series: series)
    plot.xLimits = 0...1
    plot.yLimits = 0...1
    plot.size = (560, 470 + 22 * Double(max(0, series.count - 1)))
    return plot.svg()
  }

  private func reliability(_ predictions: Predictions) -> String {
    let calibration = Calibration(predictions, binCount: 10)
    let used = calibration.bins.filter { $0.count > 0 }
    let total = Double(predictions.count)
    var plot = XYPlot(
      title: "Reliability: calibration error "
        + PlotScale.grouped(calibration.expectedError, decimals: 3),
      xLabel: "confidence", yLabel: "share that is right",
      series: [
        XYPlot.Series(
          "pictures called with this confidence", used.map { .init($0.confidence, $0.accuracy) },
          look: .lineAndMarkers,
          tips: used.map { "\($0.count) pictures" }),
        XYPlot.Series(
          "share of all pictures",
          calibration.bins.map { .init(($0.lower + $0.upper) / 2, Double($0.count) / total) }),
      ])
    plot.reference = [.init(0, 0), .init(1, 1)]
    plot.xLimits = 0...1
    plot.yLimits = 0...1
    plot.size = (560, 470)
    return plot.svg()
  }

  /// The two directions in which embeddings differ most.
  func addProjection(classes: [String], to page: inout HTMLPage) {
    guard let embeddings, embeddings.values.shape[0] > 2,
      let projection = try? PrincipalComponents(embeddings.values, components: 2)
    else { return }
    let centred = embeddings.values - projection.mean
    let points = Autograd.withoutGradients {
      matmul(centred, projection.directions, transposeB: true).scalars
    }
    let total = centred.scalars.reduce(0) { $0 + Double($1) * Double($1) }
    page.section("Embeddings")
    page.paragraph(
      "Test pictures in the two directions in which their embeddings differ most (principal "
        + "components). Classes that lie apart here are easy; those that overlap may still be apart in "
        + "other directions.")
    let series = classes.indices.map { label in
      XYPlot.Series(
        classes[label],
        embeddings.labels.indices.filter { embeddings.labels[$0] == label }
          .map { XYPlot.Point(Double(points[2 * $0]), Double(points[2 * $0 + 1])) },
        look: .markers)
    }
    func share(_ index: Int) -> String {
      let along = stride(from: index, to: points.count, by: 2).reduce(0) {
        $0 + Double(points[$1]) * Double(points[$1])
      }
      return "\(PlotScale.grouped(along / total * 100, decimals: 0)) % of the variance"
    }
    var plot = XYPlot(
      title: "Embeddings of the test pictures", xLabel: "first component, \(share(0))",
      yLabel: "second component, \(share(1))", series: series)
    plot.size = (820, 560)
    page.figures([plot.svg()])
  }
}
