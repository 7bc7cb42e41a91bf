import Foundation

extension EvidenceReport {
  /// A published result to compare with, marked as such.
  public struct Reference: Sendable, Codable, Equatable {
    /// The method.
    public var method: TransferMethod
    /// Training images per class, as `80%` or `5`; nil for any.
    public var shots: SampleCount?
    /// The score's published name, such as `aca` or `auc_avg`.
    public var metric: String
    /// The figure.
    public var value: Double
    /// The published model that it belongs to; nil if there is only one.
    public var model: String?

    private enum CodingKeys: String, CodingKey, CaseIterable {
      case method, shots, metric, value, model
    }

    /// Whether a result was obtained by this method with this number of training images, and has this score.
    func matches(_ result: TransferResult) -> Bool {
      method == result.method && result.mean[metric]?.scalar != nil
        && (!method.isTrained || shots == nil || shots == result.configuration.split.train)
    }
  }

  /// Figures of a publication.
  public struct Publication: Sendable, Codable, Equatable {
    /// The source, such as "KeepFIT (MICCAI 2024), Table 2".
    public var source: String
    /// The figures.
    public var figures: [Reference]
    /// A caveat about them; nil for none.
    public var caution: String?

    private enum CodingKeys: String, CodingKey, CaseIterable {
      case source, figures, caution
    }

    /// A sentence on published values that match none of the results; nil if all of them match.
    public func unmatchedNote(for results: [TransferResult]) -> String? {
      let count = figures.count { figure in !results.contains(where: figure.matches) }
      guard count > 0 else { return nil }
      return count == figures.count
        ? "none of the \(counted(count, "published result")) of \(source) belongs to a method, number of "
          + "training images and score of these results"
        : "\(count) of \(counted(figures.count, "published result")) of \(source) belong to other methods or "
          + "numbers of training images than these results"
    }
  }

  /// A published result next to a measured one.
  public struct Comparison: Sendable {
    /// The method with its number of training images.
    public let method: String
    /// The published model; empty if there is only one.
    public let model: String
    /// The score's name.
    public let metric: String
    /// The published and the measured figure.
    public let published: Double, measured: Double
  }

  /// The published results next to the measured ones, by result.
  public func published() -> [Comparison] {
    report.results.flatMap { result in
      (publication?.figures ?? []).filter { $0.matches(result) }.compactMap { figure in
        result.mean[figure.metric]?.scalar.map {
          Comparison(
            method: Self.name(of: result), model: figure.model ?? "", metric: figure.metric,
            published: figure.value, measured: $0)
        }
      }
    }
  }

  /// The section with all published results of the experiment.
  func addPublished(to page: inout HTMLPage) {
    guard let publication else { return }
    let rows = published()
    page.section("Published results")
    page.paragraph(
      "Source: \(publication.source). Published results are gray and were not measured here.")
    if let caution = publication.caution { page.notice(caution) }
    if let note = publication.unmatchedNote(for: report.results) {
      page.paragraph("Note: \(note).")
    }
    guard !rows.isEmpty else { return }
    page.table(
      ["Method", "Published model", "Score", "Published", "Measured here", "Difference"],
      rows.map { row in
        [
          .init(row.method), .init(row.model), .init(Self.title(of: row.metric)),
          .quoted(Self.text(row.published)), .number(Self.text(row.measured)),
          .number(String(format: "%+.3f", row.measured - row.published)),
        ]
      },
      caption:
        "Differences are between this model and the published ones: only a released checkpoint, "
        + "on the same images and splits, should reproduce them.")
  }

  /// The name of a score in tables.
  package static func title(of metric: String) -> String {
    let titles = [
      "aca": "balanced accuracy (ACA)", "auc_avg": "AUC", "f1_avg": "F1", "kappa": "kappa",
      "AMD_auc": "AUC (AMD)", "AMD_f1": "F1 (AMD, threshold from the test labels)",
      "auc_macro": "AUC, mean over labels",
    ]
    return titles[metric] ?? metric
  }
}

extension EvidenceReport.Publication {
  /// Reads `{"source", "figures": [{"method", "metric", "value", "shots", "model"}], "caution"}`.
  /// - Throws: ``TransferError/invalid(_:)`` that names the file, also for unknown keys.
  public init(contentsOf file: URL) throws(TransferError) {
    self = try StrictJSON.decode(
      Self.self, contentsOf: file, name: file.lastPathComponent,
      what: "the list of published results")
  }

  /// Decodes a publication; unknown keys are errors.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(
      known: CodingKeys.allCases.map(\.rawValue), in: "a publication")
    let container = try decoder.container(keyedBy: CodingKeys.self)
    source = try container.decode(String.self, forKey: .source)
    figures = try container.decode([EvidenceReport.Reference].self, forKey: .figures)
    caution = try container.decodeIfPresent(String.self, forKey: .caution)
  }
}

extension EvidenceReport.Reference {
  /// Decodes a published result; unknown keys are errors.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(
      known: CodingKeys.allCases.map(\.rawValue), in: "a published result")
    let container = try decoder.container(keyedBy: CodingKeys.self)
    method = try container.decode(TransferMethod.self, forKey: .method)
    shots = try container.decodeIfPresent(SampleCount.self, forKey: .shots)
    metric = try container.decode(String.self, forKey: .metric)
    value = try container.decode(Double.self, forKey: .value)
    model = try container.decodeIfPresent(String.self, forKey: .model)
  }
}
