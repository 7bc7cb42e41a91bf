import Foundation

/// A zip archive with the parts of an Office document and the relations between them (ECMA-376, part 2).
struct OfficePackage {
  /// A relation of a part.
  struct Relation {
    /// The type, a URL.
    let type: String
    /// The related part, as a path within the archive.
    let target: String
  }

  let archive: ZipReader
  /// The document's name in errors.
  let name: String

  init(_ bytes: Data, name: String) throws(BookError) {
    self.name = name
    archive = try ZipReader(bytes, name: name)
  }

  /// The bytes of a part; nil if there is none.
  /// - Throws: ``BookError`` for a damaged part, or one above the limit.
  func part(_ path: String, limit: Int = 16 << 20) throws(BookError) -> [UInt8]? {
    try archive.contents(of: path, limit: limit, name: name)
  }

  /// The relations of a part by their ids; those of the package for an empty path.
  func relations(of path: String) throws(BookError) -> [String: Relation] {
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let folder = path[..<slash]
    guard let bytes = try part(folder + "_rels/" + path[slash...] + ".rels") else { return [:] }
    var scanner = XMLScanner(bytes)
    var result: [String: Relation] = [:]
    while let event = scanner.next() {
      guard case .start(let element, let attributes) = event, element.hasSuffix("Relationship"),
        attributes["TargetMode"] != "External", let id = attributes["Id"],
        let target = attributes["Target"]
      else { continue }
      var parts = target.hasPrefix("/") ? [] : folder.split(separator: "/").map(String.init)
      for piece in target.split(separator: "/") {
        if piece == ".." {
          _ = parts.popLast()
        } else if piece != "." {
          parts.append(String(piece))
        }
      }
      result[id] = Relation(type: attributes["Type"] ?? "", target: parts.joined(separator: "/"))
    }
    return result
  }

  /// The part that the package is about, such as `word/document.xml`.
  func mainPart() throws(BookError) -> String? {
    try relations(of: "").values.first { $0.type.hasSuffix("/officeDocument") }?.target
  }
}
