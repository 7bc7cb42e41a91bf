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
/// - JSON Lines (`.jsonl`): one object a line with the same names, lists being JSON arrays;
/// - Excel workbooks (`.xlsx`): the first sheet, as a CSV;
/// - image folders: a directory for each class, within `train`, `val` and `test` or without a split, see
///   ``ImageFolder``.
///
/// All may have a column `modality` (`CFP`, `FFA`, `OCT`); other columns are kept. Semicolons, tabs, a line
/// `sep=`, UTF-16, capitals in column names and the column names of public datasets are accepted with a
/// note, see ``notes``; so are columns of 0 and 1 for several labels, labels divided by `|` or `;`, and a column of
/// images for each eye. ``ColumnSelection`` names other columns.
public struct Manifest: Sendable {
  /// The content of the rows of a file.
  public enum Form: String, Sendable, CaseIterable {
    /// Captions if there is a caption column, labels otherwise.
    case automatic
    /// Attributes and categories.
    case labels
    /// Captions; in a labeled file, the only element of each row's categories.
    case captions
    /// The images alone, whatever else the file says of them.
    case images
  }

  /// The name of the file without its extension, such as `39_MM_Retinal_dataset`.
  public let name: String
  /// The root directory of the rows' paths.
  public let root: URL
  /// The rows, in the order of the file.
  public var rows: [ManifestRow]

  /// Notes on deviations from the format: another separator or encoding, columns with other names, paths that
  /// are spelled differently on disk. One sentence each.
  public internal(set) var notes: [String] = []

  /// The columns of a table that have a role.
  public struct ColumnRole: Sendable, Codable, Hashable {
    /// `image`, `label`, `caption`, `attributes`, `modality`, `split`, or `other` for columns that are kept without
    /// being used.
    public let role: String
    /// The names of the columns.
    public let columns: [String]
  }

  /// The columns that were read by role; empty for manifests that were not read from a table.
  public internal(set) var columnRoles: [ColumnRole] = []

  /// Creates a manifest from rows.
  public init(name: String, root: URL, rows: [ManifestRow]) {
    self.name = name
    self.root = root
    self.rows = rows
  }

  /// The file of a row's image.
  public func imageURL(of row: ManifestRow) -> URL { root.image(row.image) }

  /// Reads a manifest file or an image folder.
  /// - Parameters:
  ///   - url: a `.csv` file, a `.jsonl` file of JSON Lines, an `.xlsx` workbook, or an image folder.
  ///   - root: the root directory of the image paths, which need not exist; nil for the directory of the file. An
  ///     image folder is its own root.
  ///   - form: the content of the rows.
  ///   - modality: the modality of rows that do not state one.
  ///   - columns: the columns whose names are known.
  /// - Throws: ``TextFileError`` with all problems of the file: lines that are not valid CSV or JSON, lists
  ///   that are not lists of strings, missing captions, paths that leave the root.
  public init(
    contentsOf url: URL, root: URL? = nil, form: Form = .automatic,
    modality: ImagingModality = .colorFundus, columns: ColumnSelection = .init()
  ) throws {
    let (manifest, problems) = try Manifest.read(
      contentsOf: url, root: root, form: form, modality: modality, columns: columns)
    if !problems.isEmpty { throw TextFileError(file: url.path, problems: problems) }
    if manifest.rows.isEmpty { throw TextFileError(file: url.path, "the manifest has no rows") }
    self = manifest
  }

  /// Reads the valid rows of a manifest file or an image folder, and the problems of the others.
  /// - Throws: ``TextFileError`` when no row can be read, because the file or its header is invalid.
  public static func read(
    contentsOf url: URL, root: URL? = nil, form: Form = .automatic,
    modality: ImagingModality = .colorFundus, columns: ColumnSelection = .init()
  ) throws -> (manifest: Manifest, problems: [TextProblem]) {
    if FileManager.default.isDirectory(url.path) == true {
      let folder = try ImageFolder(url)
      return (try folder.manifest(form: form, modality: modality, columns: columns).told(url), [])
    }
    let root = root ?? url.deletingLastPathComponent()
    let bytes = try readTextFile(url)
    if let format = ImageFormat(firstBytes: bytes) {
      throw TextFileError(
        file: url.path, "it is a \(format) image, expected a table or an image folder")
    }
    let table = try CSVTable(bytes: bytes, of: url)
    let reading = ManifestReading(form: form, modality: modality, selection: columns, root: root)
    let (read, problems, notes, roles) = try reading.rows(of: table, file: url.path)
    var (rows, pathNotes) = ManifestPaths.resolved(read, root: root)
    if let note = columns.renameLabels(of: &rows) { pathNotes.append(note) }
    var manifest = Manifest(
      name: url.deletingPathExtension().lastPathComponent, root: root, rows: rows)
    manifest.notes =
      notes + pathNotes
    manifest.columnRoles = roles
    return (manifest.told(url), problems)
  }

  /// The manifest, after telling its notes.
  private func told(_ url: URL) -> Manifest {
    for note in notes { ReadingNotes.shared.tell("\(url.relativePath): \(note)") }
    return self
  }
}
