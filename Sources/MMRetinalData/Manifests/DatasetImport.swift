import Foundation
import FundusTensor

/// Reads a dataset in any form that ``Manifest`` reads, checks that its images exist, and prepares it for writing as
/// a manifest of the standard form.
public struct DatasetImport: Sendable {
  /// Rows that were left out.
  public struct Dropped: Sendable, Codable, Hashable {
    /// Why they were left out.
    public let reason: String
    /// Their number.
    public let count: Int
    /// The first of them.
    public let examples: [String]
  }

  /// A summary of the dataset as it was read.
  public struct Summary: Sendable, Codable {
    /// The columns of the table by role; empty for an image folder.
    public let columns: [Manifest.ColumnRole]
    /// The number of rows.
    public let rows: Int
    /// The number of distinct images.
    public let images: Int
    /// The number of rows of each label.
    public let labels: [String: Int]
    /// The number of rows with captions.
    public let captions: Int
    /// Whether some row has none, or more than one label.
    public let isMultilabel: Bool
    /// The number of rows without a label or caption.
    public let unlabeled: Int
    /// The number of rows of each split; empty without splits.
    public let splits: [String: Int]
    /// The number of patients; nil if they are not known.
    public let patients: Int?
    /// The rows that were left out.
    public let dropped: [Dropped]
    /// How the table was interpreted, one sentence each.
    public let notes: [String]
  }

  /// The rows, with paths below ``Manifest/root``.
  public private(set) var manifest: Manifest
  /// A summary of the dataset as it was read.
  public let summary: Summary

  /// Reads a dataset.
  /// - Parameters:
  ///   - source: a table or an image folder.
  ///   - root: the root directory of the image paths; nil for the directory of the table.
  ///   - form: the content of the rows.
  ///   - modality: the modality of rows that do not state one.
  ///   - columns: the columns whose names are known.
  ///   - frames: the frames of DICOM files with several, of which each becomes a row; nil for the rows as they are.
  ///   - grouping: how patients are identified, in a column `patient_id` of the result; nil for the columns as they are.
  /// - Throws: ``TextFileError`` when no row can be used, or a column is missing or invalid.
  public init(
    contentsOf source: URL, root: URL? = nil, form: Manifest.Form = .automatic,
    modality: ImagingModality = .colorFundus, columns: ColumnSelection = .init(),
    frames: FrameChoice? = nil, grouping: ImageGrouping? = nil
  ) throws {
    var (manifest, problems) = try Manifest.read(
      contentsOf: source, root: root, form: form, modality: modality, columns: columns)
    let file = source.relativePath
    guard !manifest.rows.isEmpty else {
      throw TextFileError(
        file: file,
        problems: problems.isEmpty
          ? [TextProblem(line: nil, message: "there are no rows")] : problems)
    }
    if let frames { manifest.rows = try frames.rows(of: manifest) }
    let parts = try SplitPart.parts(of: manifest.rows, file: file)
    if let parts {
      for index in parts.indices { manifest.rows[index].columns["split"] = parts[index].rawValue }
    }
    if let grouping {
      let groups = try grouping.groups(of: manifest.rows, file: file)
      for index in groups.indices { manifest.rows[index].columns["patient_id"] = groups[index] }
    }
    var dropped: [Dropped] = []
    func drop(_ reason: String, _ examples: [String]) {
      guard !examples.isEmpty else { return }
      dropped.append(
        Dropped(reason: reason, count: examples.count, examples: Array(examples.prefix(3))))
    }
    drop("cannot be read", problems.map(\.description))
    let missing = manifest.rows.filter {
      !ImageAddress.exists(manifest.imageURL(of: $0))
    }
    guard missing.count < manifest.rows.count else {
      throw TextFileError(
        file: file,
        "none of the images exists, such as \(manifest.imageURL(of: missing[0]).relativePath); the root "
          + "directory of the image paths may be another one")
    }
    drop("the image does not exist", missing.map(\.image))
    let absent = Set(missing.map(\.image))
    var seen: Set<ManifestRow> = []
    var repeated: [String] = []
    manifest.rows = manifest.rows.filter { row in
      guard !absent.contains(row.image) else { return false }
      guard seen.insert(row.withoutLine()).inserted else {
        repeated.append(row.image)
        return false
      }
      return true
    }
    drop("the row is a duplicate", repeated)
    self.manifest = manifest
    summary = Self.summary(of: manifest, dropped: dropped)
  }

  private static func summary(of manifest: Manifest, dropped: [Dropped]) -> Summary {
    let rows = manifest.rows
    var labels: [String: Int] = [:]
    for label in rows.flatMap({ Set($0.categories) }) { labels[label, default: 0] += 1 }
    let captions = rows.count { if case .captions = $0.content { true } else { false } }
    let splits = rows.compactMap { $0.columns["split"] }
    let patient = ImageGrouping.patientColumn(of: rows)
    return Summary(
      columns: manifest.columnRoles, rows: rows.count, images: Set(rows.map(\.image)).count,
      labels: labels, captions: captions,
      isMultilabel: captions == 0 && rows.contains { $0.categories.count != 1 },
      unlabeled: captions > 0 ? 0 : rows.count { $0.categories.isEmpty },
      splits: Dictionary(splits.map { ($0, 1) }, uniquingKeysWith: +),
      patients: patient.map { name in Set(rows.compactMap { $0.columns[name] }).count },
      dropped: dropped, notes: manifest.notes)
  }

  /// Whether the written manifest needs no root directory, because its paths start from its own directory or are
  /// absolute.
  public private(set) var isSelfContained = false

  /// Writes the manifest: paths start from its own directory if that contains the root directory, else from the root.
  /// - Parameters:
  ///   - url: a file whose name ends in `.csv` or `.jsonl`.
  ///   - force: whether an existing file may be replaced.
  /// - Throws: `CheckpointError` if it cannot be written.
  public mutating func write(to url: URL, force: Bool = false) throws {
    let folder = url.deletingLastPathComponent().standardizedFileURL.path
    let root = manifest.root.standardizedFileURL.path
    let inside =
      root == folder
      ? "" : root.hasPrefix(folder + "/") ? String(root.dropFirst(folder.count + 1)) + "/" : nil
    isSelfContained = inside != nil || manifest.rows.allSatisfy { $0.image.hasPrefix("/") }
    if let inside, !inside.isEmpty {
      manifest.rows = try manifest.rows.map { row in
        row.image.hasPrefix("/") ? row : try row.with(image: inside + row.image)
      }
    }
    let isLines = url.isJSONLines
    let text = isLines ? try manifest.jsonLines() : manifest.table()
    try AtomicFile.write(text, to: url, force: force)
  }
}
