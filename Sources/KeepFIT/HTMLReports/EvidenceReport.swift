import Foundation

/// The HTML report of a transfer experiment: the performance of each method, its errors, its calibration,
/// and misclassified images.
public struct EvidenceReport {
  /// The results.
  public var report: TransferReport
  /// Figures to compare with; nil for none.
  public var publication: Publication?
  /// Embeddings of test images `[N, D]` and their classes, for the projection, and the total number of test
  /// images.
  public var embeddings: (values: Tensor, labels: [Int], total: Int)?
  /// The most confident mistakes, most confident first.
  public var mistakes: [Mistake] = []
  /// The model, the data and the version of the program, for the head of the page.
  public var origin = ReportOrigin()

  /// Creates a report on results.
  public init(_ report: TransferReport) { self.report = report }

  /// The page.
  public func page() -> HTMLPage {
    let classes = report.results.first?.classes ?? []
    let tested = report.results.first?.folds.first?.labels.count ?? 0
    var page = HTMLPage(
      title: "Transfer: \(report.experiment)",
      subtitle: counted(classes.count, "class", "classes") + ", "
        + counted(tested, "test image") + " per fold, "
        + counted(report.results.count, "configuration"))
    addSummary(to: &page)
    addData(to: &page)
    addResults(to: &page)
    Self.addComparisons(report.comparisons, to: &page)
    addPublished(to: &page)
    addClasses(to: &page)
    addDetection(to: &page)
    addTemperatures(to: &page)
    for result in report.results { addEvidence(of: result, to: &page) }
    addProjection(classes: classes, to: &page)
    addMistakes(to: &page)
    page.section("Glossary")
    page.definitions(Self.glossary)
    return page
  }

  /// Writes the page under a temporary name and renames it.
  /// - Throws: `CocoaError` if the file cannot be written.
  public func write(to url: URL) throws { try page().write(to: url) }

  /// Notes on the data, before any figures: overlaps, merged labels, images left out.
  private func addData(to page: inout HTMLPage) {
    let left = report.skipped.map { "\($0.image): \($0.reason)" }
    guard !report.notes.isEmpty || !left.isEmpty else { return }
    page.section("Data")
    if !report.notes.isEmpty { page.list(report.notes) }
    guard !left.isEmpty else { return }
    page.paragraph(
      "\(counted(left.count, "image")) could not be used and \(left.count == 1 ? "is" : "are") left out:"
    )
    page.list(left.prefix(10) + (left.count > 10 ? ["and \(left.count - 10) more"] : []))
  }

  static func name(of result: TransferResult) -> String { name(of: result.configuration) }

  /// The method with its number of training images: "linear-probe, 5-shot", "fine-tune, 80 % training split".
  package static func name(of configuration: TransferConfiguration) -> String {
    let method = configuration.method
    guard method.isTrained else { return method.rawValue }
    return "\(method.rawValue), \(configuration.split.train.trainingText)"
  }

  static func text(_ value: Double) -> String { String(format: "%.3f", value) }

  static func text(_ interval: ConfidenceInterval?) -> String {
    interval.map { String(format: "\n(%.3f–%.3f)", $0.lower, $0.upper) } ?? ""
  }

  /// The interval methods of a table, for its caption.
  static func methods(of intervals: [(name: String, interval: ConfidenceInterval?)]) -> String {
    var names: [(method: String, scores: [String])] = []
    for (name, interval) in intervals {
      guard let method = interval?.method.caption else { continue }
      if let known = names.firstIndex(where: { $0.method == method }) {
        if !names[known].scores.contains(name) { names[known].scores.append(name) }
      } else {
        names.append((method, [name]))
      }
    }
    return names.map { "\($0.scores.joined(separator: ", ")): \($0.method)" }
      .joined(separator: "; ")
  }
}
