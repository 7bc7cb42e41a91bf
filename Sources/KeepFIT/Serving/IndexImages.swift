import Foundation

/// The image files of an index below one directory. Requests name rows, never paths.
struct IndexImages: Sendable {
  private let root: URL
  private let prefix: String

  /// - Parameter root: the directory.
  init(root: URL) {
    self.root = root.resolvingSymlinksInPath().standardizedFileURL
    let path = self.root.path
    prefix = path.hasSuffix("/") ? path : path + "/"
  }

  /// The file of a source: the directory with the source, or with the longest end of it that exists.
  /// - Returns: nil if there is none, or if it lies outside of the directory, also by a symbolic link.
  func file(of source: String) -> URL? {
    let parts = source.split(separator: "/").map(String.init)
    guard !parts.isEmpty, !source.utf8.contains(0),
      !parts.contains(where: { $0 == ".." || $0 == "." })
    else { return nil }
    let start = source.hasPrefix(prefix) ? prefix.split(separator: "/").count : 0
    for first in start..<max(start, parts.count) {
      let file = parts[first...].reduce(root) { $0.appending(path: $1) }.resolvingSymlinksInPath()
      guard file.path.hasPrefix(prefix) else { continue }
      if FileManager.default.isDirectory(file.path) == false { return file }
    }
    return nil
  }
}
