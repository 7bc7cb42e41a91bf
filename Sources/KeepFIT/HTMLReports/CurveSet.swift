/// ROC and precision-recall curves of the classes of one configuration.
struct CurveSet {
  /// Notes on curves that are left out.
  private(set) var notes: [String] = []
  private let tested: TestedFolds
  private let items: [(name: String, label: Int, curves: RankCurves)]
  private let isBanded: Bool

  /// - `predictions`: the pooled predictions of all folds.
  /// - `tested`: the folds, for the bands.
  /// - `names`: the label of each class.
  /// - `positive`: with two classes, the one whose curve is drawn, since the other is redundant.
  init(_ predictions: Predictions, _ tested: TestedFolds, names: [String], positive: String?) {
    self.tested = tested
    let present = Set(predictions.labels)
    let shown = names.indices.filter { label in
      names.count > 2 || names[label] == positive ?? names[1]
    }
    items = shown.filter { present.contains($0) && present.count > 1 }.map { label in
      (
        names[label], label,
        RankCurves(
          truth: predictions.labels.map { $0 == label }, scores: predictions.column(label))
      )
    }
    isBanded = items.count <= 3
    let absent = names.indices.filter { !present.contains($0) }.map { names[$0] }
    if tested.folds.count > 1 && present.count > 1 {
      notes.append(
        "Curves and the areas under them pool all folds, whose classifiers differ; tables show means "
          + "over folds.")
    }
    if present.count == 1 {
      notes.append("No ROC or precision-recall curve: all test images are of one class.")
    } else if !absent.isEmpty {
      notes.append("No curve for classes without test images: \(absent.joined(separator: ", ")).")
    }
    if isBanded && !items.isEmpty {
      notes.append(
        "Bands: 95 % confidence at each point, \(ConfidenceInterval.Method.bootstrapWilson.caption)."
      )
    } else if !items.isEmpty {
      notes.append(
        "Confidence bands are not drawn for \(items.count) classes, since they would overlap.")
    }
  }

  /// The ROC curves, with AUC in the legend.
  func roc() -> String? {
    plot(
      kind: "ROC", area: ("AUC", { $0.areaUnderROC }), xLabel: "1 − specificity",
      yLabel: "sensitivity", points: { $0.roc },
      band: { Bootstrap.rocBand(tested, class: $0, steps: 50, resamples: 200) },
      reference: [.init(0, 0), .init(1, 1)])
  }

  /// The precision-recall curves.
  func precisionRecall() -> String? {
    plot(
      kind: "Precision-recall", area: ("average precision", { $0.averagePrecision }),
      xLabel: "recall (sensitivity)", yLabel: "precision (PPV)", points: { $0.precisionRecall },
      band: { Bootstrap.precisionRecallBand(tested, class: $0, steps: 50, resamples: 200) },
      reference: [])
  }

  private func plot(
    kind: String, area: (name: String, value: (RankCurves) -> Double?), xLabel: String,
    yLabel: String, points: (RankCurves) -> [CurvePoint],
    band: (Int) -> [ConfidenceInterval], reference: [XYPlot.Point]
  ) -> String? {
    guard !items.isEmpty else { return nil }
    func value(_ curves: RankCurves) -> String {
      area.value(curves).map { PlotScale.grouped($0, decimals: 3) } ?? "undefined"
    }
    let series = items.map { item in
      XYPlot.Series(
        "\(item.name): \(value(item.curves))",
        points(item.curves).map { XYPlot.Point($0.x, $0.y) },
        band: isBanded
          ? band(item.label).enumerated().map {
            (x: Double($0) / 50, low: $1.lower, high: $1.upper)
          } : [])
    }
    let title = "\(kind) curve\(items.count == 1 ? "" : "s") (\(area.name))"
    return Self.plot(title, xLabel, yLabel, series, reference: reference)
  }

  /// A plot of curves from 0 to 1 on both axes; `series` are not empty.
  static func plot(
    _ title: String, _ xLabel: String, _ yLabel: String, _ series: [XYPlot.Series],
    reference: [XYPlot.Point]
  ) -> String {
    var plot = XYPlot(title: title, xLabel: xLabel, yLabel: yLabel, series: series)
    plot.namesSingleSeries = true
    plot.reference = reference
    plot.xLimits = 0...1
    plot.yLimits = 0...1
    plot.size = (560, 470 + 22 * Double(max(0, series.count - 1)))
    return plot.svg()
  }
}
