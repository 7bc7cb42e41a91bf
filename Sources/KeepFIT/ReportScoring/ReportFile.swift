import Foundation
import FundusTensor
import MMRetinalData

/// Text files of reports, word lists and lexicons.
enum ReportFile {
  /// The bytes of a file without a UTF-8 byte order mark.
  /// - Throws: `TextFileError` when it cannot be read.
  static func bytes(of url: URL) throws(TextFileError) -> [UInt8] {
    let isDirectory = FileManager.default.isDirectory(url.path)
    guard isDirectory == false, let data = try? Data(contentsOf: url) else {
      let reason =
        switch isDirectory {
        case nil: "there is no such file"
        case true?: "is a directory, expected a file"
        case false?: "cannot be read"
        }
      throw TextFileError(
        file: url.relativePath, problems: [TextProblem(line: nil, message: reason)])
    }
    let bytes = Array(data)
    return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
  }

  /// The lines of a UTF-8 text with their numbers, counted from 1.
  /// - Throws: `TextFileError` when the file cannot be read or a line is not UTF-8.
  static func lines(of url: URL) throws(TextFileError) -> [(number: Int, text: String)] {
    var lines: [(Int, String)] = []
    for (number, line) in self.lines(try bytes(of: url)) {
      guard let text = String(validating: line, as: UTF8.self) else {
        throw TextFileError(
          file: url.relativePath,
          problems: [TextProblem(line: number, message: "is not UTF-8 text")])
      }
      lines.append((number, text))
    }
    return lines
  }

  /// The lines of a text with their numbers, without line ends.
  static func lines(_ bytes: [UInt8]) -> [(number: Int, bytes: ArraySlice<UInt8>)] {
    bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().map {
      ($0.offset + 1, $0.element.last == UInt8(ascii: "\r") ? $0.element.dropLast() : $0.element)
    }
  }
}
