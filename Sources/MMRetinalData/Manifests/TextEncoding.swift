import Foundation

/// Conversion of text files to UTF-8.
enum TextEncoding {
  /// The UTF-8 byte order mark that spreadsheet programs write.
  static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// The text as UTF-8 without a byte order mark, and a note if it was converted.
  ///
  /// UTF-16 is recognized by its byte order mark. The reader of the format, which knows the line, checks whether
  /// other text is valid UTF-8.
  static func utf8(_ bytes: [UInt8]) throws(TextProblem) -> (bytes: [UInt8], note: String?) {
    if bytes.starts(with: mark) { return (Array(bytes.dropFirst(mark.count)), nil) }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      return (try utf16(bytes), "the text is UTF-16")
    }
    if let other = archive(bytes) {
      throw TextProblem(line: nil, message: "the file is \(other), expected UTF-8 text")
    }
    let head = bytes.prefix(64)
    if head.count(where: { $0 == 0 }) * 3 > head.count {
      throw TextProblem(
        line: nil,
        message: "the file is not UTF-8 text (UTF-16 without a byte order mark?); save it as UTF-8")
    }
    return (bytes, nil)
  }

  private static func utf16(_ bytes: [UInt8]) throws(TextProblem) -> [UInt8] {
    let isLittle = bytes[0] == 0xFF
    guard bytes.count.isMultiple(of: 2) else {
      throw TextProblem(
        line: nil, message: "the text is UTF-16 that is truncated within a character")
    }
    let units = stride(from: 2, to: bytes.count, by: 2).map { index in
      isLittle
        ? UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8
        : UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
    }
    guard let text = String(validating: units, as: UTF16.self) else {
      throw TextProblem(line: nil, message: "the text is damaged UTF-16; save it as UTF-8")
    }
    return Array(text.utf8)
  }

  private static func archive(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: [0x1F, 0x8B]) { return "compressed with gzip" }
    if bytes.starts(with: [0x50, 0x4B, 3, 4]) {
      return "a zip archive (an Excel workbook? save it as CSV)"
    }
    if bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) {
      return "an old Excel workbook (save it as CSV)"
    }
    if bytes.starts(with: Array("version https://git-lfs".utf8)) {
      return "a Git LFS pointer (fetch the contents with 'git lfs pull')"
    }
    return nil
  }
}
