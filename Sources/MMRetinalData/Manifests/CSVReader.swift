import Foundation

/// A record of a CSV file.
public struct CSVRecord: Sendable, Hashable {
  /// The line on which the record starts, counted from 1.
  public let line: Int
  /// The fields, without quotes.
  public let fields: [String]

  /// Whether all fields are empty.
  var isBlank: Bool { fields.allSatisfy(\.trimmed.isEmpty) }
}

/// Reads comma-separated values as RFC 4180 defines them.
///
/// Lines may end with LF, CRLF or CR; a byte order mark is skipped; blank lines are skipped; fields in
/// quotes may contain commas, line ends and doubled quotes. A quote inside an unquoted field is literal, as
/// in Python and pandas. Text is UTF-8, or UTF-16 with a byte order mark.
///
/// The reader does not stop at the first problem: it skips the record and continues, so that all problems of
/// a file are reported at once.
public struct CSVReader: Sendable {
  /// The maximum field length; longer fields are a sign of an unclosed quote.
  public var maximumFieldBytes = 1 << 20
  /// The separator of fields; nil to detect it from the first line: the one in a line `sep=`, else a comma,
  /// else a semicolon or a tab.
  public var separator: UInt8?
  /// The number of problems after which reading stops.
  public var maximumProblems = 1000

  /// Creates options with the default limits.
  public init() {}

  /// All records of a file, their problems, and notes on anything that is not plain comma-separated UTF-8.
  public func records(
    of bytes: [UInt8]
  ) -> (records: [CSVRecord], problems: [TextProblem], notes: [String]) {
    let text: (bytes: [UInt8], note: String?)
    do throws(TextProblem) { text = try TextEncoding.utf8(bytes) } catch {
      return ([], [error], [])
    }
    var notes = [text.note].compactMap(\.self)
    let form = CSVForm(of: text.bytes, separator: separator)
    if let note = form.note { notes.append(note) }
    var scanner = CSVScanner(bytes: text.bytes, form: form, options: self)
    while scanner.problems.count < maximumProblems, scanner.scanRecord() {}
    return (scanner.records, scanner.problems, notes)
  }
}

/// The separator of a file, and the start of its records.
private struct CSVForm {
  var separator = UInt8(ascii: ",")
  /// The first byte after a line `sep=`, if there is one.
  var start = 0
  var note: String?

  init(of bytes: [UInt8], separator given: UInt8?) {
    let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
    let declaration = Array("sep=".utf8)
    if line.count == declaration.count + 1, line.starts(with: declaration), let last = line.last {
      separator = given ?? last
      start = line.count
      note = "the fields are separated by \(Self.name(separator)), as given in the line 'sep='"
      return
    }
    if let given {
      separator = given
      return
    }
    var isQuoted = false
    var found: Set<UInt8> = []
    for byte in line {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isQuoted { found.insert(byte) }
    }
    let others = [UInt8(ascii: ";"), UInt8(ascii: "\t")].filter(found.contains)
    if !found.contains(separator), others.count == 1 {
      separator = others[0]
      note = "the fields are separated by \(Self.name(separator))"
    }
  }

  private static func name(_ byte: UInt8) -> String {
    switch byte {
    case UInt8(ascii: ";"): "semicolons"
    case UInt8(ascii: "\t"): "tabs"
    case UInt8(ascii: ","): "commas"
    default: "'\(String(decoding: [byte], as: UTF8.self))'"
    }
  }
}

private struct CSVScanner {
  let bytes: [UInt8]
  let options: CSVReader
  let separator: UInt8
  var records: [CSVRecord] = []
  var problems: [TextProblem] = []
  private var position: Int
  private var line = 1

  private static let quote = UInt8(ascii: "\"")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  init(bytes: [UInt8], form: CSVForm, options: CSVReader) {
    self.bytes = bytes
    self.options = options
    separator = form.separator
    position = form.start
  }

  /// Reads one record; false at the end.
  mutating func scanRecord() -> Bool {
    skipBlankLines()
    guard position < bytes.count else { return false }
    let start = line
    var fields: [String] = []
    var problem: TextProblem?
    repeat {
      switch scanField(number: fields.count + 1) {
      case .success(let field): fields.append(field)
      case .failure(let found):
        problem = problem ?? found.problem
        fields.append("")
      }
    } while consumeSeparator()
    consumeLineEnd()
    if let problem {
      problems.append(problem)
    } else {
      records.append(CSVRecord(line: start, fields: fields))
    }
    return true
  }

  private struct FieldFailure: Error {
    let problem: TextProblem
  }

  private mutating func scanField(number: Int) -> Result<String, FieldFailure> {
    let start = line
    func failure(_ message: String, line: Int) -> Result<String, FieldFailure> {
      .failure(
        FieldFailure(problem: TextProblem(line: line, message: "field \(number) \(message)")))
    }
    guard position < bytes.count, bytes[position] == Self.quote else {
      let begin = position
      while position < bytes.count, !isEndOfField(bytes[position]) { position += 1 }
      return text(bytes[begin..<position]).mapError {
        FieldFailure(problem: TextProblem(line: start, message: "field \(number) \($0.message)"))
      }
    }
    position += 1
    var content: [UInt8] = []
    var isTooLong = false
    while true {
      guard position < bytes.count else {
        return failure("has an unclosed quote", line: start)
      }
      let byte = bytes[position]
      position += 1
      if byte == Self.quote {
        guard position < bytes.count, bytes[position] == Self.quote else { break }
        position += 1
      } else if byte == Self.lineFeed
        || (byte == Self.carriageReturn
          && !(position < bytes.count && bytes[position] == Self.lineFeed))
      {
        line += 1
      }
      if content.count < options.maximumFieldBytes {
        content.append(byte)
      } else {
        isTooLong = true
      }
    }
    let end = line
    if position < bytes.count, !isEndOfField(bytes[position]) {
      while position < bytes.count, !isEndOfField(bytes[position]) { position += 1 }
      return failure(
        "continues after its closing quote (quotes inside a field must be doubled)", line: end)
    }
    if isTooLong {
      return failure(
        "has more than \(options.maximumFieldBytes) bytes (an unclosed quote?)", line: start)
    }
    return text(content[...]).mapError {
      FieldFailure(problem: TextProblem(line: start, message: "field \(number) \($0.message)"))
    }
  }

  private struct TextFailure: Error {
    let message: String
  }

  private func text(_ content: ArraySlice<UInt8>) -> Result<String, TextFailure> {
    if content.count > options.maximumFieldBytes {
      return .failure(
        TextFailure(
          message: "has \(content.count) bytes, more than the limit of \(options.maximumFieldBytes)"
        ))
    }
    if content.contains(0) { return .failure(TextFailure(message: "contains a NUL byte")) }
    guard let text = String(validating: content, as: UTF8.self) else {
      return .failure(
        TextFailure(
          message: "is not UTF-8 text (Latin-1 or GBK?); save the file as UTF-8, for example with "
            + "iconv -f LATIN1 -t UTF-8"))
    }
    return .success(text)
  }

  private func isEndOfField(_ byte: UInt8) -> Bool {
    byte == separator || byte == Self.lineFeed || byte == Self.carriageReturn
  }

  private mutating func consumeSeparator() -> Bool {
    guard position < bytes.count, bytes[position] == separator else { return false }
    position += 1
    return true
  }

  private mutating func consumeLineEnd() {
    guard position < bytes.count else { return }
    if bytes[position] == Self.carriageReturn {
      position += 1
      if position < bytes.count, bytes[position] == Self.lineFeed { position += 1 }
    } else {
      position += 1
    }
    line += 1
  }

  private mutating func skipBlankLines() {
    while position < bytes.count,
      bytes[position] == Self.lineFeed || bytes[position] == Self.carriageReturn
    {
      consumeLineEnd()
    }
  }
}
