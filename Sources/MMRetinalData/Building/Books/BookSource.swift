import Foundation

/// A book's file or folder, and what kind of book it is.
package struct BookSource: Sendable {
  package enum Kind: String, Sendable, Codable { case pdf, docx, folder }

  /// The path as it was given.
  package let path: String
  package let url: URL
  package let kind: Kind
  /// The name without `.pdf` or `.docx`.
  package let name: String

  /// Looks at a path.
  /// - Throws: ``BookError`` when it is no book.
  package init(path: String) throws {
    self.path = path
    url = URL(filePath: path).standardizedFileURL
    var status = stat()
    guard stat(url.path, &status) == 0 else {
      throw BookError(
        book: path, errno == EACCES ? "permission denied" : "there is no such file or folder")
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      kind = .folder
      guard access(url.path, R_OK | X_OK) == 0 else {
        throw BookError(book: path, "permission denied")
      }
    case S_IFREG:
      guard access(url.path, R_OK) == 0 else { throw BookError(book: path, "permission denied") }
      let head = (try? FileHandle(forReadingFrom: url).read(upToCount: 1024)) ?? Data()
      if head.isEmpty { throw BookError(book: path, "the file is empty") }
      if head.range(of: Data("%PDF-".utf8)) != nil {
        kind = .pdf
      } else if head.starts(with: [0x50, 0x4B, 3, 4]) {
        kind = .docx
      } else if head.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) {
        throw BookError(
          book: path, "an old Word document, or one with a password; save it as DOCX without one")
      } else {
        throw BookError(book: path, "expected a PDF, a DOCX or a folder")
      }
    default: throw BookError(book: path, "is not a regular file")
    }
    var name = url.lastPathComponent
    for suffix in [".pdf", ".docx"] where kind != .folder && name.lowercased().hasSuffix(suffix) {
      name.removeLast(suffix.count)
    }
    self.name = name.isEmpty ? "book" : name
  }

  /// Tells whether the book changed: sizes and times of what it is made of.
  package var fingerprint: String {
    func mark(_ url: URL) -> String {
      var status = stat()
      guard lstat(url.path, &status) == 0 else { return "-" }
      return "\(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }
    guard kind == .folder else { return "\(path) \(mark(url))" }
    let files = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return path + files.sorted().map { "\n\($0) \(mark(url.appending(path: $0)))" }.joined()
  }
}
