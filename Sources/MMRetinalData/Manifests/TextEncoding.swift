import Foundation

/// Text files of other programs as UTF-8.
enum TextEncoding {
  /// The UTF-8 byte order mark that spreadsheet programs write.
  static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// The text as UTF-8 without a byte order mark, and what was understood on the way.
  ///
  /// UTF-16 is read where a byte order mark says so. Whether the rest is valid UTF-8 is for the reader
  /// of the format to say, which knows the line.
  static func utf8(_ bytes: [UInt8]) throws(TextProblem) -> (bytes: [UInt8], note: String?) {
    if bytes.starts(with: mark) { return (Array(bytes.dropFirst(mark.count)), nil) }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      return (try utf16(bytes), "the text is UTF-16")
    }
    if let other = archive(bytes) {
      throw TextProblem(line: nil, message: "the file is \(other), expected text in UTF-8")
    }
    let head = bytes.prefix(64)
    if head.count(where: { $0 == 0 }) * 3 > head.count {
      throw TextProblem(
        line: nil,
        message: "the file is no UTF-8 text (UTF-16 without a byte order mark?); save it as UTF-8")
    }
    return (bytes, nil)
  }

  private static func utf16(_ bytes: [UInt8]) throws(TextProblem) -> [UInt8] {
    let isLittle = bytes[0] == 0xFF
    guard bytes.count.isMultiple(of: 2) else {
      throw TextProblem(line: nil, message: "the text is UTF-16 that is cut off in a character")
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
