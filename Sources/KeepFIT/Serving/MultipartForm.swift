import Foundation

/// The parts of a body of the type `multipart/form-data` (RFC 7578).
package struct MultipartForm {
  /// A part.
  package struct Part {
    /// The name of the field.
    package let name: String
    /// The file name; nil for a field that is not a file.
    package let fileName: String?
    /// The content.
    package let content: Data
  }

  /// The parts in the order in which they came.
  package let parts: [Part]

  /// The most parts, and the most bytes of the headers of a part.
  private static let mostParts = 400
  private static let mostHeaderBytes = 8192
  private static let newline = Data([0x0D, 0x0A])

  /// - Parameters:
  ///   - body: the body.
  ///   - boundary: the boundary that the header `Content-Type` names.
  /// - Throws: ``ServiceError`` for a body that is not such a form, or that is truncated.
  package init(parsing body: Data, boundary: String) throws(ServiceError) {
    guard (1...70).contains(boundary.utf8.count),
      boundary.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
    else {
      throw ServiceError(400, "multipart/form-data needs a boundary of 1 to 70 characters")
    }
    let opening = Data("--\(boundary)".utf8)
    let delimiter = Self.newline + opening
    guard body.starts(with: opening) else {
      throw ServiceError(400, "the form does not begin with its boundary")
    }
    var place = body.startIndex + opening.count
    var parts: [Part] = []
    while true {
      let mark = body[place...].prefix(2)
      if mark.elementsEqual([0x2D, 0x2D]) { break }
      guard mark.elementsEqual(Self.newline) else {
        throw ServiceError(400, Self.truncated)
      }
      guard parts.count < Self.mostParts else {
        throw ServiceError(400, "the form has more than \(Self.mostParts) parts")
      }
      place += 2
      let limit = min(body.endIndex, place + Self.mostHeaderBytes)
      guard let end = body.range(of: Self.newline + Self.newline, in: place..<limit) else {
        throw ServiceError(
          400, limit < body.endIndex ? "a part of the form has too long headers" : Self.truncated)
      }
      guard let next = body.range(of: delimiter, in: end.upperBound..<body.endIndex) else {
        throw ServiceError(400, Self.truncated)
      }
      parts.append(
        try Self.part(
          headers: body[place..<end.lowerBound], content: body[end.upperBound..<next.lowerBound]))
      place = next.upperBound
    }
    self.parts = parts
  }

  private static let truncated = "the form is truncated: its last boundary is missing"

  private static func part(headers: Data, content: Data) throws(ServiceError) -> Part {
    guard let text = String(validating: headers, as: UTF8.self) else {
      throw ServiceError(400, "the headers of a part are not UTF-8 text")
    }
    var disposition: HeaderValue?
    for line in text.components(separatedBy: "\r\n") {
      let pieces = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard pieces.count == 2 else {
        throw ServiceError(400, "a part of the form has a malformed header")
      }
      switch pieces[0].lowercased() {
      case "content-disposition":
        guard disposition == nil else {
          throw ServiceError(400, "a part has two headers Content-Disposition")
        }
        disposition = try HeaderValue(
          String(pieces[1]).trimmingCharacters(in: .whitespacesAndNewlines),
          name: "Content-Disposition")
      case "content-transfer-encoding":
        guard
          ["binary", "8bit", "7bit"].contains(
            String(pieces[1]).trimmingCharacters(in: .whitespacesAndNewlines).lowercased())
        else {
          throw ServiceError(
            400, "Content-Transfer-Encoding is not supported: send bytes as they are")
        }
      default: break
      }
    }
    guard let disposition, disposition.value == "form-data",
      let name = disposition.parameters["name"], !name.isEmpty
    else {
      throw ServiceError(
        400, "a part of the form has no name (Content-Disposition: form-data; name=…)")
    }
    return Part(
      name: name, fileName: disposition.parameters["filename"], content: Data(content))
  }
}
