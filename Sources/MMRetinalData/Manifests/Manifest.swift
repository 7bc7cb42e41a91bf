import Foundation

/// A manifest: a list of images with labels or captions, and the root directory of their paths.
///
/// Supported forms (specification 4.1, A4):
/// - plain CSV: `image` and one label per row in `label` (`category`, `class`, `diagnosis`, `grade`);
/// - labeled CSV: `image`, `atributes` (so spelled in the published files; `attributes` works too) and
///   `categories`, the last two Python list literals of strings;
/// - caption CSV: `image`, `caption` and, for bilingual sets, `caption_zh`;
/// - the angiography form of MM-Retinal: a labeled CSV whose `categories` hold one caption, read with
///   ``Form/captions``;
/// - JSON Lines (`.jsonl`): one object a line with the same names, lists being JSON arrays.
///
/// All may have a column `modality` (`CFP`, `FFA`, `OCT`); other columns are kept. Semicolons, tabs, a line
/// `sep=`, UTF-16, capitals in column names and the column names of public datasets are accepted with a
/// note, see ``notes``.
public struct Manifest: Sendable {
  /// The content of the rows of a file.
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
  /// The root directory of the rows' paths.
  public let root: URL
  /// The rows, in the order of the file.
  public var rows: [ManifestRow]

  /// Notes on deviations from the format: another separator or encoding, columns with other names, paths that
  /// are spelled differently on disk. One sentence each.
  public private(set) var notes: [String] = []

  /// Creates a manifest from rows.
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
  ///   - root: the root directory of the image paths. Need not exist.
  ///   - form: the content of the rows.
  ///   - modality: the modality of rows that do not state one.
  /// - Throws: ``TextFileError`` with all problems of the file: lines that are not valid CSV or JSON, lists
  ///   that are not lists of strings, missing captions, paths outside of the root.
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

  /// Reads the valid rows of a manifest file, and the problems of the others.
  /// - Throws: ``TextFileError`` when no row can be read, because the file or its header is invalid.
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
