import Foundation
import KeepFIT
import Testing

/// What commands say of texts and tables that have no effect.
@Suite struct TextEffectTests {
  @Test func aTableWithoutTheLabelsIsNoted() throws {
    let table = CommandFixture.fresh("table.json")
    try Data(#"{"keratoconus": ["a thin cornea"]}"#.utf8).write(to: URL(fileURLWithPath: table))
    let words = ["--model", CommandFixture.model, "--knowledge", table]
    let classified = try KeepfitBinary.run(
      ["classify", "--labels", "normal;exudates", CommandFixture.image(0)] + words)
    #expect(classified.code == 0)
    #expect(classified.errors.contains("describes none of the labels"), "\(classified.errors)")
    let known = try KeepfitBinary.run(
      ["classify", "--labels", "normal;keratoconus", CommandFixture.image(0)] + words)
    #expect(!known.errors.contains("describes none"))
  }

  @Test func transferCountsLabelsBeyondTheTokenLimit() throws {
    let long = (0..<300).map { _ in "exudates" }.joined(separator: " ")
    let rows = (0..<6).map { "\(CommandFixture.image($0)),\($0 % 2 == 0 ? "normal" : long)" }
    let file = CommandFixture.fresh("long.csv")
    try Data((["image,label"] + rows).joined(separator: "\n").utf8)
      .write(to: URL(fileURLWithPath: file))
    let result = try KeepfitBinary.run([
      "transfer", "--model", CommandFixture.model, "--experiment", file, "--method", "zero-shot",
      "--knowledge", "none",
    ])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.errors.contains("1 of 2 texts has more than"), "\(result.errors)")
  }
}

/// `--on-bad-image` of commands that take folders of images.
@Suite struct BadQueryImageTests {
  private let bad: String = {
    let path = CommandFixture.fresh("bad.png")
    try? Data("no image".utf8).write(to: URL(fileURLWithPath: path))
    return path
  }()

  @Test func searchGoesOnWithoutABadImage() throws {
    let index = CommandFixture.fresh("index.safetensors")
    let list = CommandFixture.fresh("queries.txt")
    let queries = [CommandFixture.image(0), bad, CommandFixture.image(1)]
    try Data(queries.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: list))
    #expect(
      try KeepfitBinary.run(
        "embed", "--model", CommandFixture.model, "--out", index, CommandFixture.image(0),
        CommandFixture.image(1)
      ).code == 0)
    let words = [
      "search", "--model", CommandFixture.model, "--index", index, "--image", list, "--json",
    ]
    #expect(try KeepfitBinary.run(words).code == 2)
    let result = try KeepfitBinary.run(words + ["--on-bad-image", "skip"])
    #expect(result.code == 1 && result.errors.contains("skipped: \(bad)"), "\(result.errors)")
    let found = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]]
    #expect(found?.compactMap { $0["query"] as? String } == [queries[0], queries[2]])
  }

  @Test func quantizeGoesOnWithoutABadImage() throws {
    let out = CommandFixture.fresh("calibration.json")
    let words = [
      "quantize", "--model", CommandFixture.model, "--out", out, "--min-cosine", "0", bad,
      CommandFixture.image(0), CommandFixture.image(1),
    ]
    #expect(try KeepfitBinary.run(words).code == 2)
    #expect(!FileManager.default.fileExists(atPath: out))
    let result = try KeepfitBinary.run(words + ["--on-bad-image", "skip"])
    #expect(result.code == 1 && result.errors.contains("1 of 3 images"), "\(result.errors)")
    #expect(FileManager.default.fileExists(atPath: out))
  }
}
