import Foundation
import KeepFIT
import Testing

@Suite struct ExplainCommandTests {
  private func explain(_ words: String...) throws -> KeepfitBinary.Result {
    try KeepfitBinary.run(
      ["explain", "--model", CommandFixture.model, "--text", "hard exudates"] + words)
  }

  @Test func theSuffixNamesTheFormat() throws {
    for (name, start) in [
      ("map.png", [0x89, 0x50]), ("map.jpg", [0xFF, 0xD8]), ("map.JPEG", [0xFF, 0xD8]),
      ("map.npy", [0x93, 0x4E]),
    ] as [(String, [UInt8])] {
      let out = CommandFixture.fresh(name)
      let result = try explain(CommandFixture.image(1), "--out", out)
      #expect(result.code == 0, "\(result.errors)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: out)).starts(with: start), "\(name)")
    }
    for name in ["map.gif", "map", "map.svg"] {
      let result = try explain(CommandFixture.image(1), "--out", CommandFixture.fresh(name))
      #expect(result.code == 2 && result.errors.contains("must end in .png, .jpg, .jpeg or .npy"))
    }
  }

  @Test func theRawMapHasThePhotographsShape() throws {
    let photograph = CommandFixture.fresh("wide.png")
    try FundusImage(width: 150, height: 40, pixels: (0..<18000).map { UInt8($0 * 7 % 251) })
      .writePNG(to: URL(fileURLWithPath: photograph))
    let out = CommandFixture.fresh("map.npy")
    let result = try explain(photograph, "--out", out, "--json")
    let map = try CommandFixture.json(result, as: [String: Any].self)
    let data = try Data(contentsOf: URL(fileURLWithPath: out))
    let header = Int(data[8]) + 256 * Int(data[9])
    #expect((10 + header) % 64 == 0)
    let text = String(decoding: data[10..<10 + header], as: UTF8.self)
    #expect(text.contains("'descr': '<f4'") && text.contains("'shape': (40, 150)"))
    let values = data.dropFirst(10 + header).withUnsafeBytes {
      Array($0.bindMemory(to: Float.self))
    }
    #expect(values.count == 6000 && values.allSatisfy { $0 >= 0 && $0.isFinite })
    let maximum = try #require(map["maximum"] as? Double)
    #expect(Double(try #require(values.max())) <= maximum * 1.0001)
    // The rows of the grid below the photograph are padding.
    let rows = try #require(map["rows"] as? Int)
    let columns = try #require(map["columns"] as? Int)
    let numbers = try #require(map["map"] as? [Double])
    #expect(numbers.count == rows * columns)
    #expect(numbers.suffix(columns * rows / 2).allSatisfy { $0 == 0 })
    let content = try #require(map["content"] as? [String: Double])
    #expect(try #require(content["height"]) < 0.3 && content["width"] == 1)
  }

  @Test func textsWithoutEffectAreRefused() throws {
    for (against, problem) in [
      ("a;a", "contains 'a' twice"), ("a;", "contains an empty text"),
      ("normal; hard exudates", "contains the text that it is to contrast with"),
    ] {
      let result = try explain(CommandFixture.image(1), "--json", "--against", against)
      #expect(result.code == 2 && result.errors.contains(problem), "\(result.errors)")
    }
  }

  @Test func badImagesCanBeSkipped() throws {
    let bad = CommandFixture.fresh("bad.png")
    try Data("no image".utf8).write(to: URL(fileURLWithPath: bad))
    let out = CommandFixture.fresh("maps")
    let result = try explain(
      bad, CommandFixture.image(1), "--out", out, "--on-bad-image", "skip")
    #expect(result.code == 1 && result.errors.contains("skipped: \(bad)"), "\(result.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: out).count == 1)
  }

  @Test func optionsWithoutEffectAreRefused() throws {
    let image = CommandFixture.image(1)
    for words in [
      ["--json", "--scale", "1"], ["--json", "--grid", "4"],
      ["--out", CommandFixture.fresh("a.npy"), "--scale", "1"], [],
    ] {
      let result = try KeepfitBinary.run(
        ["explain", "--model", CommandFixture.model, "--text", "x", image] + words)
      #expect(result.code == 2 && result.errors.split(separator: "\n").count == 1, "\(words)")
    }
  }

  @Test func aDiskThatIsFullIsAFailure() throws {
    // No temporary file can be made in /proc, as on a disk that is full or read-only.
    let result = try explain(CommandFixture.image(1), "--out", "/proc/map.png")
    #expect(result.code == 1, "\(result.errors)")
    #expect(result.errors.contains("/proc/map.png: cannot be written"))
  }
}
