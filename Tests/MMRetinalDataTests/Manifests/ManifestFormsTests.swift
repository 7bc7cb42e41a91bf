import Foundation
import MMRetinalData
import Testing

/// Manifests as other programs and public datasets write them.
@Suite struct ManifestFormsTests {
  let directory = try! TemporaryDirectory()

  private func read(
    _ bytes: [UInt8], form: Manifest.Form = .automatic, name: String = "m.csv"
  ) throws -> Manifest {
    let file = try directory.write(Data(bytes), to: name)
    return try Manifest(contentsOf: file, root: directory.url, form: form)
  }

  private func read(_ text: String, form: Manifest.Form = .automatic) throws -> Manifest {
    try read(Array(text.utf8), form: form)
  }

  private func message(_ bytes: [UInt8]) -> String {
    do {
      _ = try read(bytes)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    ("image,label\na.png,normal\n", 0), ("image;label\na.png;normal\n", 1),
    ("image\tlabel\na.png\tnormal\n", 1), ("sep=;\nimage;label\na.png;normal\n", 1),
    ("sep=,\r\nimage,label\r\na.png,normal\r\n", 1), ("Image,LABEL\na.png,normal\n", 2),
    ("id_code,diagnosis\na.png,normal\n", 1), ("filename,label\na.png,normal\n", 1),
    ("Image name,Retinopathy grade,Risk\na.png,normal,1\n", 2),
    ("\u{FEFF}image,label\na.png,normal\n", 0), ("image,label\n./a.png, normal \n", 0),
    ("image,class\n\"a.png\",\"normal\"\n", 0),
  ])
  func plainLabels(_ text: String, notes: Int) throws {
    let manifest = try read(text)
    #expect(manifest.rows.map(\.image) == ["a.png"])
    #expect(manifest.rows.map(\.categories) == [["normal"]])
    #expect(manifest.notes.count == notes, "\(manifest.notes)")
  }

  @Test func linesKeepTheirNumbers() throws {
    let (_, problems) = try Manifest.read(
      contentsOf: directory.write("sep=;\nimage;label\na.png;x\nb.png;\n", to: "l.csv"),
      root: directory.url)
    #expect(problems.map(\.line) == [4])
    #expect(problems.map(\.message) == ["the label is empty"])
  }

  @Test func utf16IsReadAndOtherEncodingsAreNamed() throws {
    let text = "image,label\nü.png,眼底\n"
    var little: [UInt8] = [0xFF, 0xFE]
    var big: [UInt8] = [0xFE, 0xFF]
    for unit in text.utf16 {
      let (low, high) = (UInt8(unit & 255), UInt8(unit >> 8))
      little += [low, high]
      big += [high, low]
    }
    for bytes in [little, big] {
      #expect(try read(bytes).rows.map(\.categories) == [["眼底"]])
    }
    #expect(message(Array(little.dropLast())).contains("truncated"))
    #expect(message(Array(little.dropFirst(2))).contains("UTF-16"))
    #expect(message(Array("image,label\na,".utf8) + [0xFC, 10]).contains("Latin-1"))
    #expect(message([0x50, 0x4B, 3, 4, 0, 0]).contains("Excel"))
  }

  @Test func aListedColumnWinsOverAPlainOne() throws {
    let manifest = try read("image,label,categories\na.png,x,\"['y', 'z']\"\n")
    #expect(manifest.rows[0].categories == ["y", "z"])
    #expect(manifest.rows[0].columns["label"] == "x")
    #expect(message(Array("image,categories\na.png,plain\n".utf8)).contains("'label'"))
    #expect(throws: TextFileError.self) { try read("image,label\na,b\n", form: .captions) }
  }

  @Test func chineseAloneIsWrittenAndReadBack() throws {
    let rows = [
      try ManifestRow(image: "a.png", content: .captions([.chinese: "右眼"])),
      try ManifestRow(image: "b.png", content: .captions([.chinese: "左眼"])),
    ]
    let text = Manifest(name: "m", root: directory.url, rows: rows).csv()
    #expect(text.hasPrefix(",image,caption_zh\n"))
    #expect(try read(text).rows.map { $0.caption(in: .chinese) } == ["右眼", "左眼"])
    // Beside rows that have both, too.
    let mixed = try read("image,caption,caption_zh\na.png,one,一\nb.png,,二\n")
    #expect(mixed.rows[1].caption(in: .english) == nil)
    #expect(mixed.rows[1].caption(in: .chinese) == "二")
    #expect(message(Array("image,caption,caption_zh\na.png,,\n".utf8)).contains("missing"))
  }

  @Test func pathsAreFoundAsTheDiskHasThem() throws {
    let decomposed = "u\u{308}.png", composed = "\u{FC}.png"
    try directory.write("x", to: decomposed)
    try directory.write("x", to: "folder/b.jpg")
    try directory.write("x", to: "c.png")
    try directory.write("x", to: "two.png")
    try directory.write("x", to: "two.jpg")
    let manifest = try read(
      "image,label\n\(composed),x\nfolder\\b.jpg,x\nc,x\ntwo,x\nabsent.png,x\nfolder\\b,y\n")
    let found = manifest.rows.map { Array($0.image.utf8) }
    let expected = [decomposed, "folder/b.jpg", "c.png", "two", "absent.png", "folder/b.jpg"]
    #expect(found == expected.map { Array($0.utf8) })
    #expect(manifest.notes.count == 3, "\(manifest.notes)")
    // A path cannot leave the root this way.
    #expect(try read("image,label\n..\\..\\etc,x\n").rows[0].image == "..\\..\\etc")
  }

  @Test func namesThatNoFileCanHaveAreRefused() {
    let long = String(repeating: "a", count: 256)
    #expect(message(Array("image,label\n\(long),x\n".utf8)).contains("256 bytes"))
  }
}
