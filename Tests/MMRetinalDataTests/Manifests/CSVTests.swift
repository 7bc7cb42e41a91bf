import MMRetinalData
import Testing

@Suite struct CSVTests {
  private func fields(_ text: String) -> [[String]] {
    let (records, problems, _) = CSVReader().records(of: Array(text.utf8))
    #expect(problems.isEmpty)
    return records.map(\.fields)
  }

  private func problems(_ bytes: [UInt8], reader: CSVReader = CSVReader()) -> [TextProblem] {
    reader.records(of: bytes).problems
  }

  @Test(arguments: [
    ("a,b\nc,d\n", [["a", "b"], ["c", "d"]]),
    ("a,b\r\nc,d", [["a", "b"], ["c", "d"]]),
    ("a,b\rc,d\r", [["a", "b"], ["c", "d"]]),
    ("\u{FEFF}a,b\n", [["a", "b"]]),
    ("\u{FEFF}\"a,\"\"b\"\n", [["a,\"b"]]),
    (",a,\n,,\n", [["", "a", ""], ["", "", ""]]),
    ("\"a,b\",\"c\"\"d\"\n", [["a,b", "c\"d"]]),
    ("\"two\r\nlines\",x\n\"\"\n", [["two\r\nlines", "x"], [""]]),
    ("a\n\n\r\nb\n\n", [["a"], ["b"]]),
    ("5\" disc,ok\n", [["5\" disc", "ok"]]),
    ("眼底,naïve ’quoted’,µ°\n", [["眼底", "naïve ’quoted’", "µ°"]]),
    (" a , b\n", [[" a ", " b"]]),
    ("", []),
  ])
  func readsEveryForm(_ text: String, _ expected: [[String]]) {
    #expect(fields(text) == expected)
  }

  @Test func countsLinesInsideQuotes() {
    let (records, _, _) = CSVReader().records(of: Array("h\n\"1\n2\r\n3\",\nlast\n".utf8))
    #expect(records.map(\.line) == [1, 2, 5])
  }

  @Test func goesOnAfterProblemsAndNamesTheirLines() {
    var bytes = Array("a,b\n\"x\"y,1\nfine,2\n".utf8)
    bytes += [0x6E, 0x00, 0x6C, 0x0A]  // a NUL
    bytes += [0x66, 0xFF, 0xFE, 0x0A]  // no UTF-8
    bytes += Array("good,3\n\"never closed,4\nx\n".utf8)
    let (records, problems, _) = CSVReader().records(of: bytes)
    #expect(records.map(\.fields) == [["a", "b"], ["fine", "2"], ["good", "3"]])
    #expect(problems.map(\.line) == [2, 4, 5, 7])
    #expect(problems[0].message.contains("closing quote"))
    #expect(problems[1].message.contains("NUL"))
    #expect(problems[2].message.contains("UTF-8"))
    #expect(problems[3].message.contains("unclosed quote"))
  }

  @Test func refusesHugeFieldsWithoutLosingTheRest() {
    var reader = CSVReader()
    reader.maximumFieldBytes = 100
    let long = String(repeating: "x", count: 101)
    let text = "a\n\(long)\n\"\(long)\"\nb\n"
    let (records, problems, _) = reader.records(of: Array(text.utf8))
    #expect(records.map(\.fields) == [["a"], ["b"]])
    #expect(problems.map(\.line) == [2, 3])
  }

  @Test func namesForeignEncodings() {
    #expect(problems([0xFF, 0xFE, 0x61, 0x00, 0x62]).first?.message.contains("UTF-16") == true)
    #expect(problems([0x50, 0x4B, 3, 4, 0]).first?.message.contains("zip") == true)
  }

  @Test func stopsAfterManyProblems() {
    var reader = CSVReader()
    reader.maximumProblems = 5
    let text = String(repeating: "\"a\"b\n", count: 100)
    #expect(problems(Array(text.utf8), reader: reader).count == 5)
  }

  @Test func survivesAnyBytes() {
    // Property: no input traps, and every byte sequence ends.
    var random = RandomStream(seed: 7)
    let alphabet = Array("\"\",\n\r a\u{FEFF}é".utf8) + [0, 0xFF]
    for _ in 0..<2000 {
      let bytes = (0..<random.index(below: 40)).map { _ in
        alphabet[random.index(below: alphabet.count)]
      }
      let (records, problems, _) = CSVReader().records(of: bytes)
      #expect(records.count + problems.count <= bytes.count + 1, "\(bytes)")
    }
  }

  @Test func writesWhatItReads() {
    var random = RandomStream(seed: 8)
    let alphabet = ["\"", ",", "\n", "\r\n", "a", " ", "眼", "\u{FEFF}"]
    for round in 0..<500 {
      let width = 1 + random.index(below: 3)
      let rows = (0..<4).map { _ in
        (0..<width).map { _ in
          (0..<random.index(below: 5)).map { _ in alphabet[random.index(below: alphabet.count)] }
            .joined()
        }
      }
      let text = rows.map(CSVWriter.line).joined()
      #expect(fields(text) == rows, "round \(round)")
    }
  }

  @Test func tablesNameTheirColumns() throws {
    let bytes = Array(",image,caption\n0,a.png,x\n1,b.png\n2,c.png,z\n".utf8)
    let table = try CSVTable(bytes: bytes, file: "t.csv")
    #expect(table.column("caption") == 2)
    #expect(table.column("nothing") == nil)
    #expect(table.records.map { $0.fields[1] } == ["a.png", "c.png"])
    #expect(
      table.problems == [TextProblem(line: 3, message: "2 fields, but the header has 3 columns")])
    #expect(throws: TextFileError.self) { try CSVTable(bytes: [], file: "empty.csv") }
  }
}
