import Foundation

/// Images with texts from one or more manifests, each with its own root, as one numbered list.
///
/// The dataset holds no state that changes: what a draw gives depends on the seed, the epoch and the
/// place of the draw in the epoch alone.
public struct PairDataset: Sendable {
  /// An image to load and the text that it is paired with.
  public struct Sample: Sendable, Hashable {
    /// The row, counted over all manifests.
    public let index: Int
    /// The path in the manifest, which names the sample to people.
    public let id: String
    /// The file of the image.
    public let image: URL
    /// How the image was taken.
    public let modality: ImagingModality
    /// The text, and the category it was made from.
    public let report: ReportRules.Report
  }

  /// The manifests, in the order of their rows' numbers.
  public let manifests: [Manifest]
  /// How rows become texts.
  public let rules: ReportRules
  /// The dataset that each row belongs to: the first directory of its path, or else its manifest.
  public let groups: [String]
  private let starts: [Int]

  /// A dataset of manifests.
  /// - Throws: ``TextFileError`` when there are no rows, or captions lack the wanted language.
  public init(_ manifests: [Manifest], rules: ReportRules = ReportRules()) throws {
    var starts: [Int] = [], groups: [String] = []
    for manifest in manifests {
      let missing = rules.missingCaptions(in: manifest)
      if !missing.isEmpty { throw TextFileError(file: manifest.name, problems: missing) }
      starts.append(groups.count)
      groups += manifest.rows.map { $0.dataset.isEmpty ? manifest.name : $0.dataset }
    }
    if groups.isEmpty {
      let names = manifests.map(\.name).joined(separator: ", ")
      throw TextFileError(
        file: names.isEmpty ? "the dataset" : names,
        problems: [TextProblem(line: nil, message: "no rows are left to train on")])
    }
    self.manifests = manifests
    self.rules = rules
    self.groups = groups
    self.starts = starts
  }

  /// How many rows there are.
  public var count: Int { groups.count }

  /// A row and its manifest.
  public func row(at index: Int) -> (manifest: Manifest, row: ManifestRow) {
    precondition(index >= 0 && index < count, "row \(index) of \(count)")
    // The last manifest that starts at or before the index.
    var low = 0, high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= index { low = middle } else { high = middle }
    }
    // Empty manifests share their start with the next one, which the search prefers.
    return (manifests[low], manifests[low].rows[index - starts[low]])
  }

  /// What a draw gives: a row with the text of this access.
  public func sample(_ draw: SampleDraw, epoch: Int, seed: UInt64) -> Sample {
    let (manifest, row) = row(at: draw.index)
    var random = SampleDraw.stream(seed: seed, use: "report", epoch: epoch, position: draw.position)
    return Sample(
      index: draw.index, id: row.image, image: manifest.imageURL(of: row), modality: row.modality,
      report: rules.report(for: row, using: &random))
  }
}
