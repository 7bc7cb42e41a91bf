import Foundation

/// A list of images with what is known about each: the rows of one manifest file and the directory
/// that their paths start from.
///
/// Forms that are read (specification 4.1, A4):
/// - plain CSV: `image` and one label a row in `label` (`category`, `class`, `diagnosis`, `grade`);
/// - labeled CSV: `image`, `atributes` (so spelled in the published files; `attributes` works too) and
///   `categories`, the last two Python list literals of strings;
/// - caption CSV: `image`, `caption` and, for bilingual sets, `caption_zh`;
/// - the angiography form of MM-Retinal: a labeled CSV whose `categories` hold one caption, read with
///   ``Form/captions``;
/// - JSON Lines (`.jsonl`): one object a line with the same names, lists being JSON arrays.
///
/// All may have a column `modality` (`CFP`, `FFA`, `OCT`); other columns are left alone. Semicolons, tabs,
/// a line `sep=`, UTF-16, capitals in the names of columns and names that public datasets use are
/// understood and noted, see ``notes``.
public struct Manifest: Sendable {
  /// What the rows of a file are to be read as.
  public enum Form: String, Sendable, CaseIterable {
    /// Captions if there is a caption column, labels otherwise.
    case automatic
    /// Attributes and categories.
    case labels
    /// Captions; in a labeled file, the only element of each row's categories.
    case captions
  }

  /// The name of the file without its extension, such as `39_MM_Retinal_dataset`.
  public let name: String
  /// The directory that the rows' paths start from.
  public let root: URL
  /// The rows, in the order of the file.
  public var rows: [ManifestRow]

  /// What was understood beyond the letter of the format: another separator or encoding, columns under
  /// other names, paths that the disk spells in another way. A sentence each.
  public private(set) var notes: [String] = []

  /// A manifest made from rows.
  public init(name: String, root: URL, rows: [ManifestRow]) {
    self.name = name
    self.root = root
    self.rows = rows
  }

  /// The file of a row's image.
  public func imageURL(of row: ManifestRow) -> URL { root.appending(path: row.image) }

  /// Reads a manifest file.
  /// - Parameters:
  ///   - url: a `.csv` file, or a `.jsonl` file of JSON Lines.
  ///   - root: the directory that the paths of the images start from. Need not exist.
  ///   - form: what the rows are to be read as.
  ///   - modality: how the images of rows that do not say so were taken.
  /// - Throws: ``TextFileError`` with everything that is wrong in the file: lines that are no CSV or
  ///   JSON, lists that are no lists of strings, missing captions, paths out of the root.
  public init(
    contentsOf url: URL, root: URL, form: Form = .automatic,
    modality: ImagingModality = .colorFundus
  ) throws {
    let (manifest, problems) = try Manifest.read(
      contentsOf: url, root: root, form: form, modality: modality)
    if !problems.isEmpty { throw TextFileError(file: url.path, problems: problems) }
    if manifest.rows.isEmpty { throw TextFileError(file: url.path, "the manifest has no rows") }
    self = manifest
  }

  /// Reads the rows of a manifest file that can be used, and tells what is wrong with the others.
  /// - Throws: ``TextFileError`` when no row can be read, because the file or its header cannot.
  public static func read(
    contentsOf url: URL, root: URL, form: Form = .automatic,
    modality: ImagingModality = .colorFundus
  ) throws -> (manifest: Manifest, problems: [TextProblem]) {
    let bytes = try readTextFile(url)
    let isJSONLines = ["jsonl", "ndjson"].contains(url.pathExtension.lowercased())
    let reading = ManifestReading(form: form, modality: modality)
    let (read, problems, notes) =
      isJSONLines
      ? try reading.jsonLines(bytes, file: url.path) : try reading.csv(bytes, file: url.path)
    let name = url.deletingPathExtension().lastPathComponent
    let (rows, pathNotes) = ManifestPaths.resolved(read, root: root)
    var manifest = Manifest(name: name, root: root, rows: rows)
    manifest.notes = notes + pathNotes
    for note in manifest.notes { ReadingNotes.shared.tell("\(url.relativePath): \(note)") }
    return (manifest, problems)
  }
}
