import Foundation

/// A directory of images that are sorted into a directory for each class, as torchvision, timm and Keras read it:
/// `<class>/…/image.jpg`, or `train|val|test/<class>/…/image.jpg`.
public struct ImageFolder: Sendable {
  /// An image of the folder.
  struct Image: Sendable {
    /// The path below the folder.
    let path: String
    let part: SplitPart?
    let label: String
  }

  /// The directory.
  public let directory: URL
  /// The classes: the names of their directories, sorted.
  public let classes: [String]
  /// The number of images of each split and class; nil stands for no split.
  public let counts: [SplitPart?: [String: Int]]
  /// What was left out, and classes that a split lacks. One sentence each.
  public let notes: [String]
  let images: [Image]

  /// Lists a folder.
  /// - Throws: ``TextFileError`` for a folder without class directories, a class without images, and one that mixes
  ///   directories of splits with others.
  public init(_ directory: URL) throws(TextFileError) {
    let path = directory.path
    func fail(_ message: String) -> TextFileError { TextFileError(file: path, message) }
    let folders = try Self.directories(in: path)
    let splits = folders.filter { SplitPart(named: $0) != nil }
    if !splits.isEmpty, splits.count < folders.count {
      let other = folders.first { SplitPart(named: $0) == nil } ?? ""
      throw fail(
        "the directory mixes splits ('\(splits[0])') with other directories ('\(other)'); expected "
          + "train, val and test, or a directory for each class")
    }
    var images: [Image] = []
    var found: [SplitPart?: [String: Int]] = [:]
    var others = 0
    for split in splits.isEmpty ? [""] : splits {
      let part = SplitPart(named: split)
      let prefix = split.isEmpty ? "" : split + "/"
      if let part, found[part] != nil {
        throw fail("two directories are the split '\(part.rawValue)', one of them '\(split)'")
      }
      var counts: [String: Int] = [:]
      for label in try Self.directories(in: path + "/" + prefix) {
        let listing = try FolderListing(directory.appending(path: prefix + label))
        counts[label] = listing.images.count
        others += listing.otherCount
        images += listing.images.map {
          Image(path: prefix + label + "/" + $0, part: part, label: label)
        }
      }
      let loose = try FolderListing.names(in: path + "/" + prefix).count {
        FileManager.default.isDirectory(path + "/" + prefix + $0) != true
      }
      if counts.isEmpty {
        throw fail(
          "'\(split.isEmpty ? directory.lastPathComponent : split)' has no directories of classes"
            + (loose > 0 ? ", only \(counted(loose, "file"))" : ""))
      }
      others += loose
      found[part] = counts
    }
    if !splits.isEmpty {
      others += try FolderListing.names(in: path).count - splits.count
    }
    let classes = Set(found.values.flatMap(\.keys)).sorted()
    let empty = classes.filter { name in found.values.allSatisfy { ($0[name] ?? 0) == 0 } }
    if !empty.isEmpty {
      throw fail(
        "\(empty.count == 1 ? "the class" : "the classes") "
          + empty.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
          + (empty.count > 5 ? " and \(empty.count - 5) more" : "")
          + " \(empty.count == 1 ? "has" : "have") no images; remove the empty "
          + "\(empty.count == 1 ? "directory" : "directories") or add images")
    }
    self.directory = directory
    self.classes = classes
    self.images = images
    counts = found
    notes = Self.notes(found, classes: classes, others: others)
  }

  private static func directories(in path: String) throws(TextFileError) -> [String] {
    try FolderListing.names(in: path).filter {
      FileManager.default.isDirectory(path + "/" + $0) == true
    }
  }

  private static func notes(
    _ found: [SplitPart?: [String: Int]], classes: [String], others: Int
  ) -> [String] {
    var notes: [String] = []
    for part in SplitPart.allCases {
      guard let counts = found[part] else { continue }
      let absent = classes.filter { (counts[$0] ?? 0) == 0 }
      if !absent.isEmpty {
        notes.append(
          "\(part.rawValue) has no images of "
            + absent.map { "'\($0)'" }.joined(separator: ", "))
      }
    }
    if others > 0 {
      notes.append(
        "\(counted(others, "file")) left out: not \(others == 1 ? "an image" : "images"), or not in "
          + "the directory of a class")
    }
    return notes
  }

  /// The images as a manifest, whose root is the folder. Rows of a split state it in `split`.
  /// - Throws: ``TextFileError`` when captions or columns are asked for, which a folder does not have.
  func manifest(
    form: Manifest.Form, modality: ImagingModality, columns: ColumnSelection
  ) throws(TextFileError) -> Manifest {
    if form == .captions {
      throw TextFileError(
        file: directory.path, "an image folder has labels, expected captions")
    }
    var named = columns
    named.labelNames = [:]
    if !named.isEmpty {
      throw TextFileError(file: directory.path, "an image folder has no columns to select")
    }
    var rows: [ManifestRow] = []
    rows.reserveCapacity(images.count)
    for image in images {
      do throws(ManifestPathError) {
        rows.append(
          try ManifestRow(
            image: image.path, modality: modality,
            content: .labels(
              attributes: [], categories: [image.label]),
            columns: image.part.map { ["split": $0.rawValue] } ?? [:]))
      } catch {
        throw TextFileError(file: directory.path, error.description)
      }
    }
    let note = columns.renameLabels(of: &rows)
    var manifest = Manifest(name: directory.lastPathComponent, root: directory, rows: rows)
    manifest.notes = notes + [note].compactMap(\.self)
    return manifest
  }
}
