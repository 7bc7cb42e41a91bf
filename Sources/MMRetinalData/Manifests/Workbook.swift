import Foundation

/// An Excel workbook (`.xlsx`, ECMA-376): the cells of its first visible sheet that has any, as text.
///
/// Numbers are written as short as possible, dates as `2026-01-31`, true as 1 and false as 0. Formulas have the
/// value that the workbook was saved with.
package struct Workbook {
  /// A row that is not empty.
  package struct Row {
    /// Its number in the sheet, from 1.
    package let number: Int
    /// The text of each column, as far as ``Workbook/columnLimit``.
    package var cells: [Int: String] = [:]
  }

  /// As in Excel.
  static let columnLimit = 16_384
  private static let partLimit = 512 << 20

  /// The name of the sheet.
  package let sheet: String
  /// The rows that are not empty, in order.
  package let rows: [Row]
  /// Cells with errors, such as `#N/A`.
  package let problems: [TextProblem]
  /// Notes on what was left out, one sentence each.
  package let notes: [String]

  /// Reads a workbook.
  /// - Throws: ``TextFileError`` for a damaged workbook, or one without cells.
  package init(_ bytes: [UInt8], file: String) throws(TextFileError) {
    do {
      try self.init(OfficePackage(Data(bytes), name: file))
    } catch {
      throw TextFileError(file: file, "reading it as an Excel workbook: \(error.reason)")
    }
  }

  private init(_ package: OfficePackage) throws(BookError) {
    func broken(_ reason: String) -> BookError { BookError(book: package.name, reason) }
    let main = try package.mainPart() ?? "xl/workbook.xml"
    guard let book = try package.part(main) else {
      throw broken("the archive contains no Excel workbook")
    }
    let relations = try package.relations(of: main)
    let directory = WorkbookDirectory(book)
    func target(_ kind: String) -> String? {
      relations.values.first { $0.type.hasSuffix("/" + kind) }?.target
    }
    var strings: [String] = []
    if let path = target("sharedStrings"),
      let part = try package.part(path, limit: Self.partLimit)
    {
      strings = WorkbookStrings.read(part)
    }
    var formats = WorkbookFormats()
    if let path = target("styles"), let part = try package.part(path) {
      formats = WorkbookFormats(part, countsFrom1904: directory.countsFrom1904)
    }
    let visible = directory.sheets.filter { !$0.isHidden }
    for (index, entry) in visible.enumerated() {
      guard let path = relations[entry.relation]?.target,
        let part = try package.part(path, limit: Self.partLimit)
      else { continue }
      var reader = WorkbookSheet(part, strings: strings, formats: formats)
      guard reader.read() else {
        throw broken("the sheet '\(entry.name.abbreviated())' is truncated; save the file again")
      }
      guard !reader.rows.isEmpty else { continue }
      sheet = entry.name
      rows = reader.rows
      problems = reader.problems
      let others = visible.indices.filter { $0 > index }.map { visible[$0].name }
      notes =
        (others.isEmpty
          ? []
          : [
            "the sheet '\(entry.name.abbreviated())' was read; not read: "
              + others.map { "'\($0.abbreviated())'" }.joined(separator: ", ")
          ]) + reader.notes
      return
    }
    throw broken("the workbook has no cells with content")
  }
}

/// The sheets of a workbook.
private struct WorkbookDirectory {
  private(set) var sheets: [(name: String, relation: String, isHidden: Bool)] = []
  /// Whether dates count from 1904, as older Excel versions for the Mac did.
  private(set) var countsFrom1904 = false

  init(_ bytes: [UInt8]) {
    var scanner = XMLScanner(bytes)
    while let event = scanner.next() {
      guard case .start(let element, let attributes) = event else { continue }
      switch element.localName {
      case "sheet":
        let relation = attributes.first { $0.key.localName == "id" }?.value ?? ""
        sheets.append(
          (attributes["name"] ?? "", relation, (attributes["state"] ?? "visible") != "visible"))
      case "workbookPr": countsFrom1904 = ["1", "true"].contains(attributes["date1904"] ?? "")
      default: break
      }
    }
  }
}

/// The texts that cells refer to by number.
private enum WorkbookStrings {
  static func read(_ bytes: [UInt8]) -> [String] {
    var scanner = XMLScanner(bytes)
    var strings: [String] = []
    var text = ""
    // Phonetic hints of East Asian texts are not part of them.
    var (isText, isPhonetic) = (false, false)
    while let event = scanner.next() {
      switch event {
      case .start(let element, _):
        switch element.localName {
        case "si": text = ""
        case "t": isText = true
        case "rPh": isPhonetic = true
        default: break
        }
      case .end(let element):
        switch element.localName {
        case "si": strings.append(text)
        case "t": isText = false
        case "rPh": isPhonetic = false
        default: break
        }
      case .text(let part): if isText, !isPhonetic { text += part }
      }
    }
    return strings
  }
}

extension String {
  /// An element's name without its prefix.
  var localName: Substring { lastIndex(of: ":").map { self[index(after: $0)...] } ?? self[...] }
}
