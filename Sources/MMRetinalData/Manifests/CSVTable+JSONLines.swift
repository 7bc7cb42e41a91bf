import Foundation
import FundusTensor

extension URL {
  /// Whether the name is that of a file of JSON Lines.
  var isJSONLines: Bool { ["jsonl", "ndjson"].contains(pathExtension.lowercased()) }
}

extension CSVTable {
  /// Reads JSON Lines as a table: the names of all objects are the columns, lists of strings become lists in Python's
  /// syntax, absent values and null are empty.
  /// - Throws: ``TextFileError`` when the text cannot be read at all.
  init(jsonLines bytes: [UInt8], file: String) throws {
    let text: (bytes: [UInt8], note: String?)
    do throws(TextProblem) { text = try TextEncoding.utf8(bytes) } catch {
      throw TextFileError(file: file, problems: [error])
    }
    var objects: [(line: Int, members: [JSONValue.Member])] = []
    var problems: [TextProblem] = []
    let lines = text.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      do throws(JSONValue.ParseError) {
        guard let members = try JSONValue(parsing: Array(line)).members else {
          problems.append(TextProblem(line: index + 1, message: "expected a JSON object"))
          continue
        }
        if let wrong = members.first(where: Self.isWrong) {
          problems.append(
            TextProblem(line: index + 1, message: "'\(wrong.name)': expected a string"))
          continue
        }
        objects.append((index + 1, members))
      } catch {
        problems.append(
          TextProblem(
            line: index + 1,
            message: "the line is not valid JSON: \(error.description.abbreviated(to: 120))"))
      }
    }
    if objects.isEmpty, !problems.isEmpty { throw TextFileError(file: file, problems: problems) }
    var header: [String] = []
    var positions: [String: Int] = [:]
    for name in objects.lazy.flatMap({ $0.members.map(\.name) }) where positions[name] == nil {
      positions[name] = header.count
      header.append(name)
    }
    let records = objects.map { object in
      // No attributes are an empty list, not a missing one.
      var fields = header.map { ["attributes", "atributes"].contains($0) ? "[]" : "" }
      for member in object.members { fields[positions[member.name]!] = Self.cell(member.value) }
      return CSVRecord(line: object.line, fields: fields)
    }
    self.init(
      header: header, records: records, problems: problems,
      notes: [text.note].compactMap(\.self))
  }

  /// Paths and captions are strings; a number there is a mistake.
  private static func isWrong(_ member: JSONValue.Member) -> Bool {
    let texts = ["image"] + CaptionLanguage.allCases.flatMap(\.columns)
    guard texts.contains(member.name) else { return false }
    return member.value != .null && member.value.text == nil
  }

  private static func cell(_ value: JSONValue) -> String {
    switch value {
    case .null: return ""
    case .string(let text): return text
    case .bool(let isTrue): return isTrue ? "1" : "0"
    case .array(let elements):
      let texts = elements.compactMap(\.text)
      return texts.count == elements.count ? PythonListLiteral.text(texts) : value.serialized()
    default: return value.serialized()
    }
  }
}
