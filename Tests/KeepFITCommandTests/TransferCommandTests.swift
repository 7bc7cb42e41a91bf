import Foundation
import FundusTensor
import Testing

@Suite struct TransferCommandTests {
  private let root = CommandFixture.folder.path
  private let model = CommandFixture.model

  @Test func aFolderAndACSVAreEnough() throws {
    let out = CommandFixture.fresh("results")
    let words = [
      "transfer", "--model", model, "--experiment", root + "/rows.csv", "--images-root", root,
      "--method", "linear-probe", "--shots-train", "3", "--shots-test", "2", "--folds", "2",
      "--out", out, "--save-adapters", "--size", "64",
    ]
    let result = try KeepfitBinary.run(words)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("linear-probe"))
    let data = try Data(contentsOf: URL(fileURLWithPath: out + "/results.json"))
    let object = try #require(
      try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let folds = try #require(object["folds"] as? [[String: Any]])
    #expect(folds.count == 2)
    #expect((folds[0]["test_images"] as? [String])?.count == 4)
    #expect((folds[0]["labels"] as? [Int])?.count == 4)
    #expect((folds[0]["probabilities"] as? [[Double]])?.first?.count == 2)
    #expect(object["mean"] is [String: Any] && object["std"] is [String: Any])
    let page = try String(contentsOfFile: out + "/report.html", encoding: .utf8)
    #expect(page.contains("Confusion matrix") && page.contains("ROC curve (AUC)"))
    #expect(try KeepfitBinary.run(words).code == 2)

    let adapter = try #require(
      FileManager.default.enumerator(atPath: out + "/adapters")?.compactMap { $0 as? String }
        .first { $0.hasSuffix("adapter.json") })
    let folder = (out + "/adapters/" + adapter as NSString).deletingLastPathComponent
    let applied = try KeepfitBinary.run(
      "classify", "--model", model, "--adapter", folder, "--json", CommandFixture.image(0))
    let items = try CommandFixture.json(applied, as: [[String: Any]].self)
    #expect(items.first?["labels"] as? [String] == ["exudates", "normal"])
    // An adapter brings its way to make images along.
    let sized = try KeepfitBinary.run(
      "classify", "--model", model, "--adapter", folder, "--json", "--size", "64",
      CommandFixture.image(0))
    #expect(sized.output == applied.output)
  }

  @Test func errorsComeBeforeTheWork() throws {
    func refusal(_ words: String...) throws -> String {
      let base = ["transfer", "--model", model, "--images-root", root]
      let result = try KeepfitBinary.run(base + words)
      #expect(result.code == 2)
      #expect(result.errors.split(separator: "\n").count == 1)
      return result.errors
    }
    #expect(try refusal("--experiment", "nothing").contains("02_MESSIDOR"))
    #expect(
      try refusal("--experiment", root + "/rows.csv", "--method", "tip-adaptor")
        .contains("did you mean 'tip-adapter'"))
    #expect(
      try refusal(
        "--experiment", root + "/rows.csv", "--shots-train", "x", "--method", "tip-adapter"
      )
      .contains("80% or 5"))
  }

  @Test func searchFindsTheSameImage() throws {
    let index = CommandFixture.fresh("index.safetensors")
    let embedded = try KeepfitBinary.run(
      ["embed", "--model", model, "--out", index] + (0..<6).map(CommandFixture.image))
    #expect(embedded.code == 0, "\(embedded.errors)")
    let found = try KeepfitBinary.run(
      "search", "--model", model, "--index", index, "--image", CommandFixture.image(4), "-k", "2",
      "--json")
    let matches = try CommandFixture.json(found, as: [[String: Any]].self)
    #expect(matches.count == 2)
    #expect(matches[0]["index"] as? Int == 4)
    #expect(matches[0]["source"] as? String == CommandFixture.image(4))
    let text = try KeepfitBinary.run(
      "search", "--model", model, "--index", index, "--text", "drusen")
    #expect(text.code == 0)
    let both = try KeepfitBinary.run("search", "--model", model, "--index", index)
    #expect(both.code == 2)
  }
}
