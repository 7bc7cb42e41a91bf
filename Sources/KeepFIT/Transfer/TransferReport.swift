import Foundation

/// The results of a run, as written to `results.json`.
///
/// The file contains `experiment`, `notes`, `skipped`, `comparisons` and `results`, a list with an entry for each
/// configuration. With a single configuration the members of that entry (`method`, `configuration`,
/// `folds`, `mean`, `std`, …) are repeated at the top level.
public struct TransferReport: Sendable {
  /// An image that could not be used and was left out.
  public struct SkippedImage: Sendable, Codable, Equatable {
    /// The name of its manifest.
    public var manifest: String
    /// Its path.
    public var image: String
    /// The reason.
    public var reason: String
  }

  /// The experiment's name.
  public var experiment: String
  /// The results of each method and number of shots.
  public var results: [TransferResult]
  /// Notes on the data and the options, one sentence each.
  public var notes: [String]
  /// Images that were left out because they could not be used.
  public var skipped: [SkippedImage]
  /// Paired comparisons of methods that were tested on the same images; empty in files of earlier versions.
  public var comparisons: [PairedComparison] = []

  /// Creates a report.
  public init(
    experiment: String, results: [TransferResult], notes: [String] = [],
    skipped: [SkippedImage] = []
  ) {
    self.experiment = experiment
    self.results = results
    self.notes = notes
    self.skipped = skipped
  }

  /// The text of `results.json`.
  /// - `pretty`: whether the text is indented.
  public func json(pretty: Bool) throws -> String {
    try JSONText.encode(self, pretty: pretty)
  }

  /// Writes `results.json`.
  /// - Throws: `CheckpointError` when the file exists and `force` is off, or cannot be written.
  public func write(to directory: URL, force: Bool) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try AtomicFile.write(
      try json(pretty: true) + "\n", to: directory.appendingPathComponent("results.json"),
      force: force)
  }

  /// Reads a file written by ``write(to:force:)``, also of earlier versions.
  public init(contentsOf url: URL) throws {
    let data = try Data(contentsOf: url)
    self = try JSONDecoder().decode(TransferReport.self, from: data)
  }
}

extension TransferReport: Codable {
  private enum CodingKeys: String, CodingKey {
    case experiment, results, notes, skipped, comparisons
  }

  /// Decodes `results`, or the single result of earlier versions.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    experiment = try values.decode(String.self, forKey: .experiment)
    results =
      values.contains(.results)
      ? try values.decode([TransferResult].self, forKey: .results)
      : [try TransferResult(from: decoder)]
    notes = try values.decodeIfPresent([String].self, forKey: .notes) ?? []
    skipped = try values.decodeIfPresent([SkippedImage].self, forKey: .skipped) ?? []
    comparisons =
      try values.decodeIfPresent([PairedComparison].self, forKey: .comparisons) ?? []
  }

  /// Encodes the list of results, and a single one at the top level as well.
  public func encode(to encoder: any Encoder) throws {
    if results.count == 1 { try results[0].encode(to: encoder) }
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(experiment, forKey: .experiment)
    try values.encode(results, forKey: .results)
    try values.encode(notes, forKey: .notes)
    try values.encode(skipped, forKey: .skipped)
    try values.encode(comparisons, forKey: .comparisons)
  }
}
