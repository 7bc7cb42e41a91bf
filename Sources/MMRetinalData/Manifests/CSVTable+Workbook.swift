import Foundation

extension CSVTable {
  /// Reads the first sheet of an Excel workbook as a table: its first row that is not empty has the names of the columns.
  /// - Throws: ``TextFileError`` when the workbook is damaged or empty.
  package init(workbook bytes: [UInt8], file: String) throws {
    let workbook = try Workbook(bytes, file: file)
    let width = (workbook.rows[0].cells.keys.max() ?? 0) + 1
    var problems = workbook.problems
    var records: [CSVRecord] = []
    for row in workbook.rows {
      if let beyond = row.cells.keys.filter({ $0 >= width }).min() {
        problems.append(
          TextProblem(
            line: row.number,
            message: "a cell in column \(beyond + 1), but the header has \(width) columns"))
        continue
      }
      records.append(
        CSVRecord(line: row.number, fields: (0..<width).map { row.cells[$0] ?? "" }))
    }
    self.init(
      header: records[0].fields.map(\.trimmed), records: Array(records.dropFirst()),
      problems: problems, notes: workbook.notes, headerLine: records[0].line)
  }

  /// Reads a table in any of the supported formats.
  /// - Throws: ``TextFileError`` when nothing can be read.
  package init(bytes: [UInt8], of url: URL) throws {
    if bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) {
      throw TextFileError(
        file: url.path, "it is an Excel workbook in the old format (.xls); save it as .xlsx or CSV")
    }
    // A zip archive, whatever its name.
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      try self.init(workbook: bytes, file: url.path)
    } else if url.isJSONLines {
      try self.init(jsonLines: bytes, file: url.path)
    } else {
      try self.init(bytes: bytes, file: url.path)
    }
  }
}
