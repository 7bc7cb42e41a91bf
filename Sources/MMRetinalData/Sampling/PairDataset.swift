import Foundation

/// A dataset of images with texts from one or more manifests, each with its own root.
///
/// The dataset has no mutable state: a sample depends only on the seed, the epoch and its position in the
/// epoch.
public struct PairDataset: Sendable {
  /// An image to load and its text.
  public struct Sample: Sendable, Hashable, Identifiable {
    /// The row, counted over all manifests.
    public let index: Int
    /// The path in the manifest, which identifies the sample in messages.
    public let id: String
    /// The file of the image.
    public let image: URL
    /// The imaging modality.
    public let modality: ImagingModality
    /// The text, and the category that it was generated from.
    public let text: PairTextRules.PairText
  }

  /// The manifests, in the order of their rows' numbers.
  public let manifests: [Manifest]
  /// The rules that turn rows into texts.
  public let rules: PairTextRules
  /// The dataset of each row: the first directory of its path, or else its manifest.
  public let groups: [String]
  private let starts: [Int]

  /// Creates a dataset from manifests.
  /// - Throws: ``TextFileError`` when there are no rows, or captions lack the requested language.
  public init(_ manifests: [Manifest], rules: PairTextRules = PairTextRules()) throws {
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
        problems: [TextProblem(line: nil, message: "there are no rows left for training")])
    }
    self.manifests = manifests
    self.rules = rules
    self.groups = groups
    self.starts = starts
  }

  /// The number of rows.
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

  /// A sample: a row with the text for this access.
  public func sample(_ draw: SampleDraw, epoch: Int, seed: UInt64) -> Sample {
    let (manifest, row) = row(at: draw.index)
    var random = SampleDraw.stream(seed: seed, use: "report", epoch: epoch, position: draw.position)
    return Sample(
      index: draw.index, id: row.image, image: manifest.imageURL(of: row), modality: row.modality,
      text: rules.text(for: row, using: &random))
  }
}
