import Foundation
import MMRetinalData
import Testing

/// Files, directories, patterns, tables and lists, as a user names images.
@Suite struct ImageListTests {
  let directory = try! TemporaryDirectory()
  private var root: String { directory.url.path }

  init() throws {
    for name in [
      "b.jpg", "a.PNG", "left/2.tif", "left/1.bmp", "left/deep/3.ppm", ".hidden/4.jpg", ".5.jpg",
      "notes.md", "left/Thumbs.db", "left/6.webp",
    ] {
      try directory.write("x", to: name)
    }
    // Without an extension the content counts.
    try directory.write(Data([0xFF, 0xD8, 0xFF, 0xE0]), to: "scan")
    try directory.write("text", to: "README")
  }

  /// The names below the root, and the notes.
  private func resolve(
    _ words: String..., root: URL? = nil, columns: ColumnSelection = .init()
  ) throws -> (names: [String], notes: [String]) {
    var list = ImageList(root: root, columns: columns)
    for word in words { try list.add(self.root + "/" + word) }
    let names = list.items.map { $0.name.replacingOccurrences(of: self.root + "/", with: "") }
    #expect(list.items.allSatisfy { $0.url.path == $0.name })
    return (names, list.allNotes())
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return "\(error)" }
  }

  @Test func directoriesAreListedRecursivelyAndInOrder() throws {
    let (names, notes) = try resolve("")
    #expect(
      names.map { $0.replacingOccurrences(of: "//", with: "/") }
        == ["a.PNG", "b.jpg", "left/1.bmp", "left/2.tif", "left/deep/3.ppm", "scan"])
    #expect(notes.count == 1)
    #expect(
      notes[0].contains("4 other files (1 without an extension, 1 .db, 1 .md, 1 .webp) left out"),
      "\(notes)")
    #expect(try resolve("left/").names == ["left/1.bmp", "left/2.tif", "left/deep/3.ppm"])
  }

  @Test func linksAreFollowedButNotInCircles() throws {
    let link = directory.url.appending(path: "left/deep/up")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: directory.url)
    let other = directory.url.appending(path: "other")
    try FileManager.default.createSymbolicLink(
      at: other, withDestinationURL: directory.url.appending(path: "left/deep"))
    #expect(try resolve("other").names.contains("other/3.ppm"))
    #expect(try resolve("left").names.count(where: { $0.hasSuffix("1.bmp") }) == 1)
  }

  @Test func filesAreTakenAsTheyAre() throws {
    // Whether it exists and is an image shows when it is read, and in the order of the arguments.
    #expect(
      try resolve("notes.md", "absent.jpg", "b.jpg", "b.jpg").names
        == ["notes.md", "absent.jpg", "b.jpg", "b.jpg"])
  }

  @Test(arguments: [
    ("*.jpg", ["b.jpg"]),
    ("*", ["a.PNG", "b.jpg", "left/1.bmp", "left/2.tif", "left/deep/3.ppm", "scan"]),
    ("left/?.tif", ["left/2.tif"]), ("l*t/[12].*", ["left/1.bmp", "left/2.tif"]),
    ("**/*.ppm", ["left/deep/3.ppm"]), ("**/*.[pP]*", ["a.PNG", "left/deep/3.ppm"]),
    ("left/**", ["left/1.bmp", "left/2.tif", "left/deep/3.ppm"]),
    (".hidden/*", [".hidden/4.jpg"]),
  ])
  func patternsAreExpanded(_ pattern: String, _ expected: [String]) throws {
    #expect(try resolve(pattern).names == expected)
  }

  @Test func aFileWhoseNameLooksLikeAPatternIsThatFile() throws {
    try directory.write("x", to: "eye [1].jpg")
    #expect(try resolve("eye [1].jpg").names == ["eye [1].jpg"])
  }

  @Test func whatIsNamedTwiceIsUsedOnce() throws {
    let (names, notes) = try resolve("b.jpg", "*.jpg", "")
    #expect(names.count(where: { $0.hasSuffix("b.jpg") }) == 1)
    #expect(notes.contains { $0.hasPrefix("2 images named again") }, "\(notes)")
  }

  @Test func emptyDirectoriesAndPatternsAreErrors() throws {
    try directory.write("x", to: "texts/a.txt")
    #expect(message { _ = try resolve("texts") }.contains("no images, only 1 other file (1 .txt)"))
    #expect(message { _ = try resolve("*.gif") }.contains("no file matches this pattern"))
    #expect(message { _ = try resolve("*.md") }.contains("no image matches this pattern"))
  }

  @Test func tablesAndListsNameImages() throws {
    try directory.write("id_code,diagnosis\nleft/1,2\nb,0\n", to: "train.csv")
    #expect(try resolve("train.csv").names == ["left/1.bmp", "b.jpg"])
    // Labels are not needed.
    try directory.write("file;x\n2.tif;1\n", to: "t.csv")
    var columns = ColumnSelection()
    #expect(try resolve("t.csv", root: directory.url).names == ["left/2.tif"])
    columns.images = ["fil"]
    #expect(message { _ = try resolve("t.csv", columns: columns) }.contains("did you mean 'file'"))
    try directory.write("{\"image\": \"b.jpg\"}\n", to: "l.jsonl")
    #expect(try resolve("l.jsonl").names == ["b.jpg"])
    try directory.write("\(root)/b.jpg\r\n\n\(root)/left\n", to: "list.txt")
    #expect(try resolve("list.txt").names.count == 4)
    try directory.write("\n \n", to: "blank.txt")
    #expect(message { _ = try resolve("blank.txt") }.contains("the list names no images"))
    var list = ImageList()
    #expect(
      message { try list.add(list: [0x61, 0, 0x62], named: "standard input") }
        .contains("standard input: the list contains a NUL byte"))
    #expect(message { try list.add(list: [0xFC], named: "l") }.contains("not UTF-8"))
  }
}
