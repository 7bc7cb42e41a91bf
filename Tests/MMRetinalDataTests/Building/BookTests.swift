import Foundation
import MMRetinalData
import Testing

@Suite struct BookTests {
  @Test(arguments: [
    ("图5-3-1 视盘水肿", "5-3-1", "", 7), ("图 5–3–1　视盘", "5-3-1", "", 8),
    ("图５－３－１ 视盘", "5-3-1", "", 7), ("Fig. 5-3-1A Disc", "5-3-1", "A", 12),
    ("FIGURE 2-12. Drusen", "2-12", "", 13), ("Figure 2.12 Drusen", "2-12", "", 12),
    ("Figure 7. Drusen", "7", "", 10),
  ])
  func labels(_ text: String, _ number: String, _ letters: String, _ length: Int) throws {
    let label = try #require(FigureLabel(Array(text)))
    #expect(label.number == number && label.letters == letters && label.length == length)
  }

  @Test(arguments: ["", "Figs. 1 and 2", "图像质量", "Figure legends", "Fig tree", "fig. 1-2"])
  func otherTexts(_ text: String) { #expect(FigureLabel(Array(text)) == nil) }

  @Test func findsReferences() {
    #expect(
      FigureLabel.references(in: "as in Fig. 1-02, Figure 2-3 and fig 4; 参见图5-3-1。configure 9")
        == ["1-2", "2-3", "4", "5-3-1"])
  }

  @Test func joinsLines() {
    let text = PrintedText(lines: ["a follow-up after days", "x"])
    #expect(text.joined(["The fluo-", "rescein e\u{AD}ﬃcient"]) == "The fluorescein efficient")
    #expect(text.joined(["at follow-", "up and Fig. 2-", "12"]) == "at follow-up and Fig. 2-12")
    #expect(text.joined(["右眼视盘", "水肿 OCT"]) == "右眼视盘水肿 OCT")
    #expect(text.joined(["soft\u{AD}", "ened"]) == "softened")
  }

  @Test func marksAfterWords() throws {
    let parts = try #require(CaptionSplitter.split("Color photograph (A) and angiogram (B)"))
    #expect(parts.followsWords)
    #expect(parts.text(ofPanel: "B") == "Color photograph (A) and angiogram (B)")
    let title = try #require(CaptionSplitter.split("Edema (A) Color photograph. (B) Angiogram."))
    #expect(!title.followsWords && title.text(ofPanel: "B") == "Edema Angiogram.")
    #expect(CaptionSplitter.split("Courtesy of A. B. Miller.") == nil)
    let trap = try #require(
      CaptionSplitter.split("A title A. Zone of type B. Nothing. B. Late."))
    #expect(trap.text(ofPanel: "A") == "A title Zone of type B. Nothing.")
  }

  @Test func readsBothLanguages() throws {
    let lines = FolderCollector.paragraphs(
      """
      图1-2 正常 A. 右眼 Fig. 1-2 Normal.
      A. right

      FIGURE 2-12. Drusen
      of the fluo-
      rescein kind
      """)
    #expect(
      lines.map(\.text) == [
        "图1-2 正常 A. 右眼 Fig. 1-2 Normal. A. right", "FIGURE 2-12. Drusen of the fluorescein kind",
      ])
  }

  @Test func readingOrder() {
    func box(_ l: Double, _ t: Double, _ w: Double, _ h: Double) -> Box {
      Box(left: l, top: t, right: l + w, bottom: t + h)
    }
    // A high panel, two beside it.
    let tall = [box(60, 55, 40, 45), box(0, 0, 50, 100), box(60, 0, 40, 45)]
    #expect(ReadingOrder.sorted(tall).order == [1, 2, 0])
    #expect(!ReadingOrder.sorted(tall).isAmbiguous)
    let grid = [box(55, 60, 40, 40), box(0, 0, 50, 50), box(55, 5, 40, 40), box(0, 60, 50, 30)]
    #expect(ReadingOrder.sorted(grid).order == [1, 2, 3, 0])
  }

  /// A composite of noise panels with gutters.
  private func composite(_ columns: [Int], _ rows: [Int], gutter: Int, color: UInt8) -> FundusImage
  {
    let width = columns.reduce(0, +) + gutter * (columns.count - 1)
    let height = rows.reduce(0, +) + gutter * (rows.count - 1)
    var pixels = [UInt8](repeating: color, count: width * height * 3)
    var random = RandomStream(seed: 3)
    var y0 = 0
    for row in rows {
      var x0 = 0
      for column in columns {
        for y in y0..<y0 + row {
          for x in x0..<x0 + column {
            for c in 0..<3 {
              pixels[(y * width + x) * 3 + c] = UInt8(60 + random.index(below: 120))
            }
          }
        }
        x0 += column + gutter
      }
      y0 += row + gutter
    }
    return FundusImage(width: width, height: height, pixels: pixels)
  }

  @Test(arguments: [UInt8(255), 0, 200]) func cutsComposites(_ color: UInt8) throws {
    let image = composite([80, 100, 70], [60, 90], gutter: 8, color: color)
    let cut = try #require(GutterCutter.cut(image, into: 6))
    let parts = cut.parts
    #expect(!cut.isAmbiguous && !cut.isUneven && parts.count == 6)
    #expect(parts[1].columns == 88..<188 && parts[1].rows == 0..<60)
    #expect(parts[5].columns == 196..<266 && parts[5].rows == 68..<158)
    #expect(GutterCutter.cut(composite([120], [90], gutter: 0, color: 0), into: 2) == nil)
  }

  @Test func inflates() throws {
    // "hello hello hello hello\n", fixed codes, as zlib writes it.
    let packed: [UInt8] = [0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57, 0xC8, 0x40, 0x27, 0xB9, 0x00]
    #expect(
      String(decoding: try Inflate.bytes(packed[...], limit: 100), as: UTF8.self)
        == "hello hello hello hello\n")
    #expect(throws: Inflate.Failure.tooLong) { try Inflate.bytes(packed[...], limit: 10) }
    #expect(throws: Inflate.Failure.self) { try Inflate.bytes(packed[..<6], limit: 100) }
  }

  @Test func scansXML() {
    var scanner = XMLScanner(
      Array("<?xml?><!DOCTYPE a [<!ENTITY b 'c'>]><a x='1 &lt; 2'>t&amp;&#x4E2D;&b;<e/></a>".utf8))
    var events: [XMLScanner.Event] = []
    while let event = scanner.next() { events.append(event) }
    #expect(
      events == [
        .start("a", ["x": "1 < 2"]), .text("t&中&b;"), .start("e", [:]), .end("e"), .end("a"),
      ])
    #expect(scanner.declaresEntities)
  }
}
