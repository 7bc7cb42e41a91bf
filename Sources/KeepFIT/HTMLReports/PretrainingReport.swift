import Foundation

/// The HTML report of a pretraining run, finished or not.
///
/// Built from the run directory: `metrics.jsonl`, `config.json` and, where they exist,
/// `examples.json` (a list of `{"stream", "text", "image"}` with paths below the directory) and
/// `skipped.json` (a list of `{"image", "reason"}`). The page is self-contained and is updated during the
/// run; the browser then reloads it automatically.
public struct PretrainingReport {
  /// An example pair of image and text.
  public struct Example: Sendable {
    /// The stream, such as `public` or `expert`.
    public var stream: String
    /// The text that the model was trained with.
    public var text: String
    /// A PNG or JPEG file.
    public var image: Data

    /// An example pair of image and text.
    public init(stream: String, text: String, image: Data) {
      self.stream = stream
      self.text = text
      self.image = image
    }
  }

  /// The title.
  public var title: String
  /// The metrics of each step.
  public var metrics: RunMetrics
  /// The settings of the run, as names and values.
  public var configuration: [(name: String, value: String)]
  /// Example pairs of the first batch.
  public var examples: [Example]
  /// Images that were left out, with reasons.
  public var skipped: [(image: String, reason: String)]
  /// The total number of steps; nil if unknown.
  public var totalSteps: Int?
  /// Whether the run is in progress.
  public var isRunning: Bool

  /// Remarks on the data and changes of settings, one sentence each.
  public var remarks: [String]

  /// Reads a run directory.
  ///
  /// - Parameters:
  ///   - directory: the run directory.
  ///   - metrics: the content of `metrics.jsonl`.
  ///   - isRunning: whether the run is in progress, so that the page reloads automatically.
  ///   - totalSteps: the total number of steps.
  public init(
    run directory: URL, metrics: RunMetrics, isRunning: Bool = false, totalSteps: Int? = nil
  ) {
    title = "Pretraining: " + directory.lastPathComponent
    self.metrics = metrics
    self.isRunning = isRunning
    self.totalSteps = totalSteps
    configuration = Self.flatten(
      Self.json(directory.appendingPathComponent("config.json")) ?? [String: Any](), prefix: "")
    let pairs = Self.json(directory.appendingPathComponent("examples.json")) as? [[String: String]]
    examples = (pairs ?? []).compactMap { pair in
      guard let image = pair["image"],
        let data = try? Data(contentsOf: directory.appendingPathComponent(image))
      else { return nil }
      return Example(stream: pair["stream"] ?? "", text: pair["text"] ?? "", image: data)
    }
    let files = RunDirectory(directory)
    skipped = ((try? SkippedImage.list(contentsOf: files.skippedFile)) ?? [])
      .map { ($0.id, $0.reason) }
    let record = try? PretrainingRecord(contentsOf: files.configurationFile)
    let reports = try? ReportTrainingRecord(contentsOf: files.configurationFile)
    remarks =
      (record?.data?.sentences ?? reports?.data ?? []) + (record?.history ?? reports?.history ?? [])
    if reports != nil { title = "Report training: " + directory.lastPathComponent }
    // Those have a separate section.
    configuration.removeAll { $0.name.hasPrefix("data.") || ["data", "history"].contains($0.name) }
  }

  /// Reads a run directory, including `metrics.jsonl`.
  ///
  /// - Parameters:
  ///   - directory: the run directory.
  ///   - isRunning: whether the run is in progress, so that the page reloads automatically.
  ///   - totalSteps: the total number of steps.
  /// - Throws: `CocoaError` if `metrics.jsonl` is missing.
  public init(run directory: URL, isRunning: Bool = false, totalSteps: Int? = nil) throws {
    self.init(
      run: directory,
      metrics: try RunMetrics(contentsOf: RunDirectory(directory).metricsFile),
      isRunning: isRunning, totalSteps: totalSteps)
  }

  /// The page.
  public func page() -> HTMLPage {
    let state = isRunning ? "running" : "ended"
    var page = HTMLPage(
      title: title,
      subtitle: "Step \(PlotScale.grouped(Double(metrics.lastStep), decimals: 0))"
        + (totalSteps.map { " of \(PlotScale.grouped(Double($0), decimals: 0))" } ?? "")
        + ", \(state)")
    page.refreshSeconds = isRunning ? 30 : nil
    addOverview(to: &page)
    addCurves(to: &page)
    addEvaluations(to: &page)
    if !examples.isEmpty {
      page.section("Example pairs")
      page.gallery(
        examples.map { (images: [$0.image], heading: $0.stream, lines: [$0.text]) })
    }
    addSkipped(to: &page)
    if !remarks.isEmpty {
      page.section("Data and changes")
      page.table(["Remark"], remarks.map { [HTMLPage.Cell($0)] })
    }
    if !configuration.isEmpty {
      page.section("Configuration")
      page.table(
        ["Option", "Value"],
        configuration.map { [HTMLPage.Cell($0.name), HTMLPage.Cell($0.value)] })
    }
    return page
  }

  /// Writes the page under a temporary name and renames it.
  ///
  /// - Throws: `CocoaError` if the file cannot be written.
  public func write(to url: URL) throws { try page().write(to: url) }

  private func addOverview(to page: inout HTMLPage) {
    page.section("Overview")
    var tiles: [(value: String, label: String)] = []
    func last(_ name: String, _ label: String, _ format: String, scale: Double = 1) {
      guard let value = metrics.columns[name]?.values.last else { return }
      tiles.append((String(format: format, value * scale), label))
    }
    if let loss = metrics.columns["loss"] {
      let tail = loss.values.suffix(max(1, loss.values.count / 20))
      tiles.append(
        (
          String(format: "%.4f", tail.reduce(0, +) / Double(tail.count)),
          "loss, mean over the last steps"
        ))
    }
    last("lr", "learning rate", "%.3g")
    last("grad_norm", "gradient norm", "%.3f")
    if let rate = metrics.columns["samples_per_second"]?.values.sorted(), !rate.isEmpty {
      tiles.append((String(format: "%.1f", rate[rate.count / 2]), "samples per second, median"))
    }
    tiles.append(("\(metrics.lastEpoch)", "epoch"))
    page.tiles(tiles)
    if let loss = metrics.columns["loss"], loss.values.contains(where: { !$0.isFinite }) {
      page.notice("The loss was not finite at some steps, which are gaps in the curves.")
    }
    for (name, column) in metrics.evaluations.sorted(by: { $0.key < $1.key }) {
      let count = column.values.count { !$0.isFinite }
      if count > 0 {
        page.notice(
          "\(name) is undefined in \(count) of \(column.values.count) validations, such as a score over "
            + "classes without images.")
      }
    }
    if metrics.unreadableLines > 0 {
      page.notice("\(counted(metrics.unreadableLines, "line")) of metrics.jsonl could not be read.")
    }
  }

  private func addCurves(to page: inout HTMLPage) {
    page.section("Training curves")
    var figures: [String] = []
    if metrics.terms.count > 1 || metrics.terms.first.map({ $0 != "loss" }) == true {
      figures.append(curve("loss", "Loss", "loss"))
      for (index, term) in metrics.terms.enumerated() {
        figures.append(curve(term, "Term: \(term)", term, color: PlotStyle.color(index + 1)))
      }
    } else {
      figures.append(curve("loss", "Loss", "loss"))
    }
    if let rate = metrics.columns["lr"] {
      figures.append(
        XYPlot(
          title: "Learning rate", xLabel: "Step", yLabel: "learning rate",
          series: [XYPlot.Series("", rate.thinned(to: 600))]
        ).svg())
    }
    figures.append(curve("grad_norm", "Gradient norm before clipping", "L2 norm"))
    figures.append(curve("samples_per_second", "Throughput", "samples per second", fromZero: true))
    page.figures(figures.filter { !$0.isEmpty })
    page.paragraph(
      "Light line: each step (thinned in long runs). Bold line: moving average over one twentieth of the "
        + "run.")
  }

  /// The raw and the smoothed curve of a column; empty if it does not exist.
  private func curve(
    _ name: String, _ title: String, _ label: String, color: String = PlotStyle.color(0),
    fromZero: Bool = false
  ) -> String {
    guard let column = metrics.columns[name], !column.steps.isEmpty else { return "" }
    var plot = XYPlot(
      title: title, xLabel: "Step", yLabel: label,
      series: [
        XYPlot.Series("", column.thinned(to: 800), color: color, isFaint: true),
        XYPlot.Series("", column.smoothed().thinned(to: 400), color: color),
      ])
    if fromZero {
      plot.yLimits = 0...max(1e-9, (column.values.filter(\.isFinite).max() ?? 1) * 1.05)
    }
    return plot.svg()
  }

  private func addEvaluations(to page: inout HTMLPage) {
    let names = metrics.evaluations.keys.sorted()
    guard !names.isEmpty else { return }
    page.section("Validation")
    page.figures(
      names.map { name in
        let column = metrics.evaluations[name] ?? RunMetrics.Column()
        return XYPlot(
          title: name.replacingOccurrences(of: "_", with: " "), xLabel: "Step", yLabel: "",
          series: [XYPlot.Series("", column.thinned(to: 200), look: .lineAndMarkers)]
        ).svg()
      })
  }

  private func addSkipped(to page: inout HTMLPage) {
    page.section("Skipped images")
    if skipped.isEmpty {
      page.paragraph("None: every image that was loaded could be read.")
      return
    }
    page.notice(
      skipped.count == 1
        ? "1 image was left out." : "\(skipped.count) images were left out.")
    let shown = skipped.prefix(200)
    // A reason that names its image needs no image column.
    let isNamed = shown.contains { !$0.image.isEmpty }
    page.table(
      isNamed ? ["Image", "Reason"] : ["Reason"],
      shown.map {
        isNamed ? [HTMLPage.Cell($0.image), HTMLPage.Cell($0.reason)] : [HTMLPage.Cell($0.reason)]
      },
      caption: skipped.count > shown.count ? "The first \(shown.count) of \(skipped.count)." : "")
  }

  private static func json(_ url: URL) -> Any? {
    guard let data = try? Data(contentsOf: url) else { return nil }
    return try? JSONSerialization.jsonObject(with: data)
  }

  /// Nested objects as `outer.inner` names, sorted.
  private static func flatten(_ value: Any, prefix: String) -> [(name: String, value: String)] {
    if let object = value as? [String: Any] {
      return object.sorted { $0.key < $1.key }.flatMap { key, value in
        flatten(value, prefix: prefix.isEmpty ? key : prefix + "." + key)
      }
    }
    if let list = value as? [Any] {
      return [(prefix, list.map { "\($0)" }.joined(separator: ", "))]
    }
    if let number = value as? NSNumber {
      // Foundation reads true and 1 as the same class; the type code tells them apart.
      let isBoolean = String(cString: number.objCType) == "c"
      return [(prefix, isBoolean ? (number.boolValue ? "yes" : "no") : "\(number)")]
    }
    return [(prefix, value is NSNull ? "none" : "\(value)")]
  }
}
