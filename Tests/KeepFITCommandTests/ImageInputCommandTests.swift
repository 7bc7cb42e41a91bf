import Foundation
import KeepFIT
import Testing

/// Folders, patterns, lists and tables of images, in every command that reads images.
@Suite struct ImageInputCommandTests {
  private let model = CommandFixture.model

  /// A folder with three images in two directories and a text.
  private static let folder: String = {
    let folder = CommandFixture.fresh("folder")
    let manager = FileManager.default
    try! manager.createDirectory(atPath: folder + "/left", withIntermediateDirectories: true)
    for (index, name) in ["b.png", "left/a.png", "left/c.png"].enumerated() {
      try! manager.copyItem(atPath: CommandFixture.image(index), toPath: folder + "/" + name)
    }
    try! Data("text".utf8).write(to: URL(fileURLWithPath: folder + "/notes.md"))
    try! Data("file,x\na,1\nc,2\n".utf8).write(to: URL(fileURLWithPath: folder + "/left/t.csv"))
    return folder
  }()

  private func classify(
    _ words: [String], input: String? = nil
  ) throws -> (images: [String], result: KeepfitBinary.Result) {
    let result = try KeepfitBinary.run(
      ["classify", "--model", model, "--labels", "normal;exudates", "--json"] + words,
      input: input, in: URL(fileURLWithPath: Self.folder))
    let list =
      (try? JSONSerialization.jsonObject(with: Data(result.output.utf8))) as? [[String: Any]]
    return (list?.compactMap { $0["image"] as? String } ?? [], result)
  }

  @Test(arguments: [
    (["."], ["./b.png", "./left/a.png", "./left/c.png"]), (["left"], ["left/a.png", "left/c.png"]),
    (["*/*.png", "b.png"], ["left/a.png", "left/c.png", "b.png"]),
    (["left/t.csv"], ["left/a.png", "left/c.png"]),
    (["--manifest", "left/t.csv", "b.png"], ["b.png", "left/a.png", "left/c.png"]),
  ])
  func imagesAreNamedInAnyWay(_ words: [String], _ expected: [String]) throws {
    let (images, result) = try classify(words)
    #expect(result.code == 0 && images == expected, "\(images) \(result.errors)")
  }

  @Test func theListOnStandardInputIsRead() throws {
    let (images, result) = try classify(["-"], input: "b.png\n\nleft\n")
    #expect(
      result.code == 0 && images == ["b.png", "left/a.png", "left/c.png"], "\(result.errors)")
    #expect(try classify(["-"], input: "").result.errors.contains("the list names no images"))
    #expect(try classify(["-", "-"], input: "").result.errors.contains("can be read only once"))
  }

  @Test func whatIsLeftOutIsSaid() throws {
    let (_, result) = try classify(["."])
    #expect(result.errors.contains("2 other files (1 .csv, 1 .md) left out"), "\(result.errors)")
  }

  @Test(arguments: [
    (["*.gif"], "no file matches this pattern"), ([], "IMAGE is missing"),
    (["b.png", "--root", "left"], "--root has no effect without a table"),
    (["b.png", "--image-column", "x"], "--image-column has no effect without a table"),
    (["left/t.csv", "--image-column", "fil"], "did you mean 'file'?"),
    (["left/t.csv", "--root", "absent"], "there is no such directory"),
  ])
  func oneClearError(_ words: [String], _ text: String) throws {
    let (_, result) = try classify(words)
    #expect(result.code == 2 && result.errors.contains(text), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
  }

  @Test func embedAndSearchTakeFolders() throws {
    let index = CommandFixture.fresh("index.safetensors")
    let embedded = try KeepfitBinary.run(
      "embed", "--model", model, "--out", index, Self.folder, "--images",
      try list("\(CommandFixture.image(3))\n"))
    #expect(embedded.code == 0, "\(embedded.errors)")
    let file = try SafetensorsFile(contentsOf: URL(fileURLWithPath: index))
    #expect(file.shape(of: "image_embeddings")?[0] == 4)
    let words = ["search", "--model", model, "--index", index, "-k", "1", "--json", "--image"]
    let queries = try CommandFixture.json(
      try KeepfitBinary.run(words + [Self.folder + "/left"]), as: [[String: Any]].self)
    #expect(
      queries.compactMap { $0["query"] as? String }
        == ["a", "c"].map { Self.folder + "/left/\($0).png" })
    for query in queries {
      let matches = try #require(query["matches"] as? [[String: Any]])
      #expect(matches.count == 1 && matches[0]["source"] as? String == query["query"] as? String)
    }
    let one = try CommandFixture.json(
      try KeepfitBinary.run(words + [CommandFixture.image(3)]), as: [[String: Any]].self)
    #expect(one[0]["source"] as? String == CommandFixture.image(3))
  }

  private func list(_ text: String) throws -> String {
    let path = CommandFixture.fresh("list.txt")
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func explainWritesAMapForEachImage() throws {
    let out = CommandFixture.fresh("maps")
    let words = ["explain", "--model", model, "--text", "x", Self.folder + "/left", "--json"]
    let result = try KeepfitBinary.run(words + ["--out", out])
    let maps = try CommandFixture.json(result, as: [[String: Any]].self)
    #expect(maps.compactMap { $0["image"] as? String }.count == 2 && maps[0]["map"] != nil)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: out).sorted() == ["a.png", "c.png"])
    let file = try KeepfitBinary.run(words + ["--out", out + ".png"])
    #expect(file.code == 2 && file.errors.contains("must be a directory"), "\(file.errors)")
    #expect(try KeepfitBinary.run(words + ["--out", out]).errors.contains("--force overwrites it"))
  }
}
