import Foundation

extension EvidenceReport {
  /// The confusion matrix, ROC and precision-recall curves, and calibration of one configuration. Folds are
  /// pooled: a test image counts as often as it was tested, but once in confidence bands.
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
    for (truth, predicted) in zip(labels, predictions.predicted) { counts[truth][predicted] += 1 }
    let pooled = result.folds.count > 1 ? ", \(result.folds.count) folds pooled" : ""
    let curves = CurveSet(
      predictions, tested, names: names, positive: result.positive.map(\.positive))
    page.figures(
      [
        MatrixPlot.confusion(counts: counts, names: names, title: "Confusion matrix" + pooled)
          .svg(),
        curves.roc(), curves.precisionRecall(),
        reliability(predictions, error: result.mean["ece"]?.scalar),
      ].compactMap { $0 })
    for note in curves.notes { page.paragraph(note) }
    addExternal(of: result, to: &page)
  }

  private func addExternal(of result: TransferResult, to page: inout HTMLPage) {
    for (name, summary) in (result.external ?? [:]).sorted(by: { $0.key < $1.key }) {
      let texts = Self.scores(of: [result]).map { key, title in
        guard let value = summary.mean[key] else {
          return "\(title) undefined (some folds lack a class)"
        }
        return value.scalar.map { "\(title) \(Self.text($0))" }
          ?? "\(title) undefined (only one class occurs)"
      }
      page.paragraph("External test set \(name): " + texts.joined(separator: ", ") + ".")
    }
  }

  private func reliability(_ predictions: Predictions, error: Double?) -> String {
    let calibration = Calibration(predictions)
    let used = calibration.bins.filter { $0.count > 0 }
    let total = Double(predictions.count)
    let value = Self.text(error ?? calibration.expectedError)
    var plot = XYPlot(
      title: "Reliability diagram (ECE \(value))",
      xLabel: "confidence (\(calibration.bins.count) bins of equal width)", yLabel: "accuracy",
      series: [
        XYPlot.Series(
          "accuracy of images with this confidence", used.map { .init($0.confidence, $0.accuracy) },
          look: .lineAndMarkers, tips: used.map { counted($0.count, "image") }),
        XYPlot.Series(
          "fraction of images",
          calibration.bins.map { .init(($0.lower + $0.upper) / 2, Double($0.count) / total) }),
      ])
    plot.reference = [.init(0, 0), .init(1, 1)]
    plot.xLimits = 0...1
    plot.yLimits = 0...1
    plot.size = (560, 470)
    return plot.svg()
  }

  /// The first two principal components of embeddings.
  func addProjection(classes: [String], to page: inout HTMLPage) {
    guard let embeddings, embeddings.values.shape[0] > 2,
      let projection = try? PrincipalComponents(embeddings.values, components: 2)
    else { return }
    let centerd = embeddings.values - projection.mean
    let points = Autograd.withoutGradients {
      matmul(centerd, projection.directions, transposeB: true).scalars
    }
    let total = centerd.scalars.reduce(0) { $0 + Double($1) * Double($1) }
    let shown = embeddings.labels.count
    page.section("Embeddings")
    page.paragraph(
      (shown < embeddings.total
        ? "A stratified sample of \(shown) of \(embeddings.total) test images"
        : "All \(shown) test images of the first fold")
        + ", projected onto the first two principal components of their embeddings. Classes that are "
        + "separated here are easy to classify; classes that overlap may still be separable in other "
        + "dimensions.")
    let series = classes.indices.map { label in
      XYPlot.Series(
        classes[label],
        embeddings.labels.indices.filter { embeddings.labels[$0] == label }
          .map { XYPlot.Point(Double(points[2 * $0]), Double(points[2 * $0 + 1])) },
        look: .markers)
    }
    func share(_ index: Int) -> String {
      guard total > 0 else { return "no variance" }
      let along = stride(from: index, to: points.count, by: 2).reduce(0) {
        $0 + Double(points[$1]) * Double(points[$1])
      }
      return "\(PlotScale.grouped(along / total * 100, decimals: 0)) % of the variance"
    }
    var plot = XYPlot(
      title: "Embeddings of the test images", xLabel: "first component, \(share(0))",
      yLabel: "second component, \(share(1))", series: series)
    plot.size = (820, 560)
    page.figures([plot.svg()])
  }

  func addMistakes(to page: inout HTMLPage) {
    guard !mistakes.isEmpty else { return }
    page.section("Misclassified images, most confident first")
    let augmented = report.results.contains {
      $0.configuration.augmentsTest || $0.configuration.augmentsTIPTest
    }
    page.paragraph(
      "Right: saliency for the predicted versus the true class (brighter = stronger), from the "
        + "gradient of the difference between the classifier's logits for the two labels. Each "
        + "map is scaled to its own maximum; padding is left out."
        + (augmented
          ? " Predictions are averaged over augmented images; maps are of the original image." : "")
    )
    page.gallery(
      mistakes.map { mistake in
        (
          images: mistake.images,
          heading: "predicted: \(mistake.predicted); true label: \(mistake.truth)",
          lines: [
            String(format: "confidence %.2f, ", mistake.confidence)
              + "\(mistake.method), fold \(mistake.fold)",
            mistake.image,
          ] + (mistake.hasEvidence ? [] : ["empty map: no region supports the predicted class"])
        )
      })
  }
}
