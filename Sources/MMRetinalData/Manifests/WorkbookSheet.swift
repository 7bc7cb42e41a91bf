import Foundation

/// The cells of a sheet.
struct WorkbookSheet {
  private(set) var rows: [Workbook.Row] = []
  private(set) var problems: [TextProblem] = []
  private var scanner: XMLScanner
  private let strings: [String]
  private let formats: WorkbookFormats
  private var merged = 0
  private var uncalculated = 0

  init(_ bytes: [UInt8], strings: [String], formats: WorkbookFormats) {
    scanner = XMLScanner(bytes)
    self.strings = strings
    self.formats = formats
  }

  /// Content that a table cannot have.
  var notes: [String] {
    var notes: [String] = []
    if merged > 0 {
      notes.append("\(counted(merged, "range")) of merged cells: only the first cell has the text")
    }
    if uncalculated > 0 {
      notes.append(
        "\(counted(uncalculated, "formula")) without a saved value, read as empty")
    }
    return notes
  }

  /// Reads all cells.
  /// - Returns: false for a truncated sheet.
  mutating func read() -> Bool {
    var row = Workbook.Row(number: 0)
    var cell = Cell()
    var isComplete = false
    while let event = scanner.next() {
      switch event {
      case .start(let element, let attributes):
        switch element.localName {
        case "row":
          row = Workbook.Row(number: attributes["r"].flatMap { Int($0) } ?? row.number + 1)
        case "c":
          cell = Cell(
            column: attributes["r"].map(Self.column) ?? cell.column + 1,
            kind: attributes["t"] ?? "n", style: attributes["s"].flatMap { Int($0) } ?? 0)
        case "f": cell.hasFormula = true
        case "v", "t": cell.isValue = true
        case "mergeCell": merged += 1
        default: break
        }
      case .text(let text): if cell.isValue { cell.text += text }
      case .end(let element):
        switch element.localName {
        case "v", "t": cell.isValue = false
        case "c": add(cell, to: &row)
        case "row":
          if !row.cells.isEmpty { rows.append(row) }
          cell = Cell()
        case "worksheet": isComplete = true
        default: break
        }
      }
    }
    return isComplete
  }

  private struct Cell {
    var column = -1
    var kind = "n"
    var style = 0
    var text = ""
    var isValue = false
    var hasFormula = false
  }

  private mutating func add(_ cell: Cell, to row: inout Workbook.Row) {
    if cell.text.isEmpty {
      if cell.hasFormula { uncalculated += 1 }
      return
    }
    guard (0..<Workbook.columnLimit).contains(cell.column) else { return }
    let text: String
    switch cell.kind {
    case "s":
      guard let index = Int(cell.text), strings.indices.contains(index) else {
        return fail(row, "column \(cell.column + 1) refers to a text that is not there")
      }
      text = strings[index]
    case "e": return fail(row, "column \(cell.column + 1) has the error \(cell.text.abbreviated())")
    case "n": text = formats.text(of: cell.text, style: cell.style)
    default: text = cell.text
    }
    if !text.trimmed.isEmpty { row.cells[cell.column] = text }
  }

  private mutating func fail(_ row: Workbook.Row, _ message: String) {
    problems.append(TextProblem(line: row.number, message: message))
  }

  /// The column of a reference such as `AB12`, from 0; -1 for none.
  private static func column(_ reference: String) -> Int {
    var column = 0
    for byte in reference.utf8.prefix(4) {
      guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) else { break }
      column = column * 26 + Int(byte - UInt8(ascii: "A")) + 1
    }
    return column - 1
  }
}

/// Number formats: Excel stores dates as numbers of days, which only their format reveals.
struct WorkbookFormats {
  private var areDates: [Bool] = []
  private var countsFrom1904 = false

  init() {}

  init(_ bytes: [UInt8], countsFrom1904: Bool) {
    self.countsFrom1904 = countsFrom1904
    var scanner = XMLScanner(bytes)
    var dates: Set<Int> = Set(14...17).union([22]).union(27...36).union(50...58)
    var isCellFormats = false
    while let event = scanner.next() {
      switch event {
      case .start(let element, let attributes):
        switch element.localName {
        case "numFmt":
          guard let id = attributes["numFmtId"].flatMap({ Int($0) }) else { continue }
          if Self.isDate(attributes["formatCode"] ?? "") { dates.insert(id) }
        case "cellXfs": isCellFormats = true
        case "xf":
          guard isCellFormats else { continue }
          areDates.append(attributes["numFmtId"].flatMap { Int($0) }.map(dates.contains) ?? false)
        default: break
        }
      case .end(let element): if element.localName == "cellXfs" { isCellFormats = false }
      case .text: break
      }
    }
  }

  /// Whether a format such as `[$-409]d/m/yyyy;@` shows a date: it has a day or year outside of quotes and brackets.
  private static func isDate(_ code: String) -> Bool {
    var (isQuoted, isBracketed, isEscaped) = (false, false, false)
    for character in code.lowercased() {
      if isEscaped {
        isEscaped = false
        continue
      }
      switch character {
      case "\"": isQuoted.toggle()
      case "\\", "_", "*": isEscaped = !isQuoted
      case "[": isBracketed = true
      case "]": isBracketed = false
      case "d", "y": if !isQuoted, !isBracketed { return true }
      default: break
      }
    }
    return false
  }

  /// A number as a person would write it.
  func text(of stored: String, style: Int) -> String {
    guard let value = Double(stored), value.isFinite else { return stored }
    if areDates.indices.contains(style), areDates[style], (1..<2_958_466).contains(value) {
      return date(value)
    }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }

  private func date(_ days: Double) -> String {
    // Excel counts a 29 February 1900, which was none.
    let first = countsFrom1904 ? -24_107 : days < 60 ? -25_568 : -25_569
    let seconds = ((days + Double(first)) * 86_400).rounded()
    let date = Date(timeIntervalSince1970: seconds)
    let text = date.ISO8601Format()
    return seconds.truncatingRemainder(dividingBy: 86_400) == 0 ? String(text.prefix(10)) : text
  }
}
