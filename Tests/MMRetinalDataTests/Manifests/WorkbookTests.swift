import Foundation
import MMRetinalData
import TestSupport
import Testing

/// Excel workbooks against openpyxl's reading of them, see `Scripts/goldens/workbooks.py`.
@Suite struct WorkbookTests {
  private struct Golden: Decodable {
    struct Row: Decodable {
      let number: Int
      let cells: [String: String]
    }
    let name: String
    let sheet: String
    let rows: [Row]
    let file: Data
  }

  private static let goldens: [Golden] = {
    let url = Bundle.module.url(forResource: "Goldens/workbooks", withExtension: "json")!
    return try! JSONDecoder().decode([Golden].self, from: Data(contentsOf: url))
  }()

  private func golden(_ name: String) throws -> Golden {
    try #require(Self.goldens.first { $0.name == name })
  }

  @Test(arguments: ["several_labels", "sparse_texts"])
  func cellsAreThoseOfOpenpyxl(name: String) throws {
    let golden = try golden(name)
    let workbook = try Workbook([UInt8](golden.file), file: "a.xlsx")
    #expect(workbook.sheet == golden.sheet)
    #expect(workbook.problems.isEmpty)
    #expect(workbook.rows.map(\.number) == golden.rows.map(\.number))
    for (row, expected) in zip(workbook.rows, golden.rows) {
      let cells = Dictionary(uniqueKeysWithValues: row.cells.map { ("\($0.key)", $0.value) })
      #expect(cells == expected.cells, "row \(row.number)")
    }
  }

  @Test func whatIsLeftOutIsSaid() throws {
    let workbook = try Workbook([UInt8](golden("several_labels").file), file: "a.xlsx")
    #expect(workbook.notes == ["the sheet 'grades' was read; not read: 'legend'"])
    let sparse = try Workbook([UInt8](golden("sparse_texts").file), file: "a.xlsx")
    #expect(
      sparse.notes == [
        "1 range of merged cells: only the first cell has the text",
        "1 formula without a saved value, read as empty",
      ])
  }

  @Test func wrongCellsAreProblemsOfTheirRow() throws {
    let table = try CSVTable(workbook: [UInt8](golden("wrong_cells").file), file: "a.xlsx")
    #expect(
      table.problems.map(\.description) == [
        "line 2: column 2 has the error #N/A",
        "line 4: a cell in column 5, but the header has 2 columns",
      ])
    #expect(table.records.map(\.fields) == [["a.png", ""], ["b.png", "normal"]])
  }

  @Test func aWorkbookIsAManifest() throws {
    let directory = try TemporaryDirectory()
    for eye in ["left", "right"] {
      for index in 0..<3 { try directory.write(Data([1]), to: "\(index)_\(eye).jpg") }
    }
    let file = try directory.write(golden("several_labels").file, to: "grades.xlsx")
    var columns = ColumnSelection()
    columns.labels = ["N", "D"]
    let manifest = try Manifest(contentsOf: file, columns: columns)
    #expect(manifest.rows.count == 6)
    #expect(manifest.rows[0].image == "0_left.jpg" && manifest.rows[0].categories == ["D"])
    #expect(manifest.notes.contains { $0.contains("not read: 'legend'") })
    var list = ImageList()
    try list.add(file.path)
    #expect(list.items.count == 6 && list.hasTables)
  }

  @Test func damagedWorkbooksAreRefused() throws {
    let whole = [UInt8](try golden("several_labels").file)
    for count in stride(from: 4, to: whole.count, by: 97) {
      #expect(throws: TextFileError.self) {
        try CSVTable(bytes: Array(whole[..<count]), of: URL(filePath: "/a.xlsx"))
      }
    }
    let old = [UInt8]([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1])
    #expect {
      try CSVTable(bytes: old, of: URL(filePath: "/a.xls"))
    } throws: {
      "\($0)".contains("save it as .xlsx or CSV")
    }
  }
}
