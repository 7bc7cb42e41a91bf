import Foundation

/// Images as a user names them: files, directories, patterns, tables and lists, resolved to files in order.
///
/// A file is taken as it is, whatever its name; whether it is an image shows when it is read. Directories and
/// patterns give their image files (see ``FolderListing``), and ``notes`` count what they leave out.
public struct ImageList: Sendable {
  /// An image file.
  public struct Item: Sendable, Hashable {
    /// The path as a program shows it: relative where the user gave a relative path.
    public let name: String
    /// The file.
    public let url: URL
    /// The eye that the table of the image states; nil for images that no table lists, or that state none.
    public internal(set) var laterality: Laterality?
  }

  /// The images in order.
  public internal(set) var items: [Item] = []
  /// Notes on what was left out, one sentence each.
  public private(set) var notes: [String] = []
  /// Whether a table was read, whose root and columns matter.
  public private(set) var hasTables = false
  private var known: Set<String> = []
  private var repeated = 0

  /// The root directory of the image paths of tables; nil for the directory of each table.
  public var root: URL?
  /// The columns of tables.
  public var columns = ColumnSelection()

  /// An empty list.
  /// - Parameters:
  ///   - root: the root directory of the image paths of tables; nil for the directory of each table.
  ///   - columns: the columns of tables.
  public init(root: URL? = nil, columns: ColumnSelection = .init()) {
    self.root = root
    self.columns = columns
  }

  /// The extensions of tables, in lower case.
  package static let tableExtensions: Set<String> = [
    "csv", "tsv", "jsonl", "ndjson", "xlsx", "xlsm",
  ]

  /// Adds a file, the images of a directory (recursively), those that match a pattern such as `left/*.jpg`, those
  /// of a table (`.csv`, `.tsv`, `.jsonl`, `.xlsx`), or those of a list with one path per line (`.txt`).
  ///
  /// Images that a directory or pattern names again are left out.
  /// - Throws: ``TextFileError`` for a directory without images, a pattern that matches none, or an invalid table.
  public mutating func add(_ text: String) throws {
    let path = (text as NSString).expandingTildeInPath
    switch (FileManager.default.isDirectory(path), (path as NSString).pathExtension.lowercased()) {
    case (true?, _): try addFolder(path)
    case (false?, let suffix) where Self.tableExtensions.contains(suffix): try add(table: path)
    case (false?, "txt"):
      let bytes = try readTextFile(URL(fileURLWithPath: path))
      try add(list: bytes, named: path)
    case (false?, _): append(path)
    case (nil, _):
      if let pattern = PathPattern(text) {
        try addMatches(of: pattern, text)
      } else {
        append(path)
      }
    }
  }

  /// Adds the images of a table or an image folder.
  /// - Throws: ``TextFileError`` for an invalid table.
  public mutating func add(table path: String) throws {
    let file = URL(fileURLWithPath: path)
    let manifest = try Manifest(contentsOf: file, root: root, form: .images, columns: columns)
    hasTables = hasTables || FileManager.default.isDirectory(path) == false
    let folder = manifest.root.relativePath
    for row in manifest.rows {
      let url = manifest.imageURL(of: row)
      items.append(
        Item(
          name: row.image.hasPrefix("/") || folder == "."
            ? row.image : folder + "/" + row.image, url: url,
          laterality: row.laterality))
      known.insert(url.standardizedFileURL.path)
    }
  }

  /// Adds the images of a list: one path per line, of anything that ``add(_:)`` takes; blank lines are skipped.
  /// - Parameters:
  ///   - list: UTF-8 text.
  ///   - name: the name of the list in messages.
  /// - Throws: ``TextFileError`` if the text is not UTF-8, or a line is invalid.
  public mutating func add(list: [UInt8], named name: String) throws {
    let bytes: [UInt8]
    do throws(TextProblem) { bytes = try TextEncoding.utf8(list).bytes } catch {
      throw TextFileError(file: name, problems: [error])
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TextFileError(file: name, "the list is not UTF-8 text")
    }
    let before = items.count
    for line in text.split(whereSeparator: \.isNewline) {
      guard !line.allSatisfy(\.isWhitespace) else { continue }
      guard !line.utf8.contains(0) else {
        throw TextFileError(file: name, "the list contains a NUL byte; expected one path per line")
      }
      try add(String(line))
    }
    if items.count == before { throw TextFileError(file: name, "the list names no images") }
  }

  /// The notes, with the number of images that were named again.
  public func allNotes() -> [String] {
    repeated == 0
      ? notes : notes + ["\(counted(repeated, "image")) named again by a directory or pattern"]
  }

  private mutating func append(_ path: String) {
    let url = URL(fileURLWithPath: path)
    items.append(Item(name: path, url: url))
    known.insert(url.standardizedFileURL.path)
  }

  private mutating func appendOnce(_ path: String) {
    if known.contains(URL(fileURLWithPath: path).standardizedFileURL.path) {
      repeated += 1
    } else {
      append(path)
    }
  }

  private mutating func addFolder(_ path: String) throws {
    let listing = try FolderListing(URL(fileURLWithPath: path))
    guard !listing.images.isEmpty else {
      throw TextFileError(
        file: path,
        "the directory contains no images" + (listing.note.map { ", only \($0)" } ?? ""))
    }
    let folder = path.hasSuffix("/") ? path : path + "/"
    for image in listing.images { appendOnce(folder + image) }
    if let note = listing.note { notes.append("\(path): \(note) left out") }
  }

  private mutating func addMatches(of pattern: PathPattern, _ text: String) throws {
    let matches = pattern.paths()
    let before = items.count + repeated
    var others = 0
    for path in matches {
      if FileManager.default.isDirectory(path) == true {
        let listing = try FolderListing(URL(fileURLWithPath: path))
        for image in listing.images { appendOnce(path + "/" + image) }
        others += listing.otherCount
      } else if ImageFormat.isImage(path) {
        appendOnce(path)
      } else {
        others += 1
      }
    }
    guard items.count + repeated > before else {
      throw TextFileError(
        file: text,
        matches.isEmpty
          ? "no file matches this pattern" : "no image matches this pattern, only other files")
    }
    if others > 0 { notes.append("\(text): \(counted(others, "other file")) left out") }
  }
}
