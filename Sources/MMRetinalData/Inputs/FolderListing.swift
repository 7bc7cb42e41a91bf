import Foundation

/// The image files below a directory, in subdirectories as well.
///
/// Files are recognized by their names, or, without an extension, by their first bytes. Hidden files and directories
/// are left out. Links are followed; a link to a directory that contains it is left out.
public struct FolderListing: Sendable {
  /// The paths of the images below the directory, sorted directory by directory.
  public private(set) var images: [String] = []
  /// The number of other files by extension, such as `csv`; those without one count as an empty string.
  public private(set) var others: [String: Int] = [:]

  /// The number of other files.
  public var otherCount: Int { others.values.reduce(0, +) }

  /// Lists a directory.
  /// - Throws: ``TextFileError`` if the directory, or one below it, cannot be read.
  public init(_ directory: URL) throws(TextFileError) {
    try list(directory.path, as: "", within: [])
  }

  /// `3 other files (2 .txt, 1 .webp)`; nil if there are none.
  public var note: String? {
    guard otherCount > 0 else { return nil }
    let kinds = others.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = kinds.prefix(4).map { kind, count in
      kind.isEmpty ? "\(count) without an extension" : "\(count) .\(kind)"
    }
    return counted(otherCount, "other file") + " (" + shown.joined(separator: ", ")
      + (kinds.count > 4 ? ", …" : "") + ")"
  }

  /// The names in a directory that are not hidden, sorted.
  static func names(in directory: String) throws(TextFileError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory)
        .filter { !$0.hasPrefix(".") }.sorted()
    } catch {
      throw TextFileError(file: directory, "the directory cannot be read")
    }
  }

  private mutating func list(
    _ directory: String, as prefix: String, within parents: [String]
  ) throws(TextFileError) {
    let place = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path
    guard !parents.contains(place) else { return }
    for name in try Self.names(in: directory) {
      let path = directory + "/" + name
      switch FileManager.default.isDirectory(path) {
      case true?: try list(path, as: prefix + name + "/", within: parents + [place])
      case false?:
        if ImageFormat.isImage(path) {
          images.append(prefix + name)
        } else if ImageFormat.isDICOM(path) {
          others["dcm without an image", default: 0] += 1
        } else {
          others[(name as NSString).pathExtension.lowercased(), default: 0] += 1
        }
      case nil: others["broken link", default: 0] += 1
      }
    }
  }
}
