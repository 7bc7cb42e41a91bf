import Foundation
import FundusTensor
import Testing

@Suite struct ModelCommandTests {
  private let model = CommandFixture.model

  @Test func initRefusesToOverwrite() throws {
    let again = try KeepfitBinary.run("init", "--preset", "tiny", "--out", model)
    #expect(again.code == 2)
    #expect(again.errors.contains("--force"))
    let wrong = try KeepfitBinary.run("init", "--preset", "tinny", "--out", "x")
    #expect(wrong.code == 2)
    #expect(wrong.errors.contains("did you mean 'tiny'?"))
  }

  @Test func classifyPrintsEveryScore() throws {
    let result = try KeepfitBinary.run(
      "classify", "--model", model, "--labels", "normal;hard exudates;glaucoma", "--json",
      CommandFixture.image(0), CommandFixture.image(1))
    let items = try CommandFixture.json(result, as: [[String: Any]].self)
    #expect(items.count == 2)
    #expect(items[0]["image"] as? String == CommandFixture.image(0))
    #expect(items[0]["labels"] as? [String] == ["normal", "hard exudates", "glaucoma"])
    for item in items {
      let probabilities = try #require(item["probabilities"] as? [Double])
      #expect(abs(probabilities.reduce(0, +) - 1) < 1e-5)
      #expect((item["logits"] as? [Double])?.count == 3)
    }
    let table = try KeepfitBinary.run(
      "classify", "--model", model, "--labels", "a;b", CommandFixture.image(0))
    #expect(table.code == 0)
    #expect(table.output.contains("probability"))
    #expect(table.errors.isEmpty)
  }

  @Test func classifyIsTheSameForAnyNumberOfThreads() throws {
    let outputs = try ["1", "2", "3"].map {
      try KeepfitBinary.run(
        "classify", "--model", model, "--labels", "a;b", "--json", "--threads", $0,
        CommandFixture.image(2)
      ).output
    }
    #expect(Set(outputs).count == 1)
  }

  @Test func classifyRefusals() throws {
    func refusal(_ words: String...) throws -> String {
      let result = try KeepfitBinary.run(words)
      #expect(result.code == 2)
      #expect(result.output.isEmpty)
      #expect(result.errors.split(separator: "\n").count == 1)
      return result.errors
    }
    #expect(
      try refusal("classify", "--model", model, "--labels", "one", "p.png").contains("two labels"))
    #expect(try refusal("classify", "--model", model, "p.png").contains("--labels"))
    #expect(
      try refusal("classify", "--model", model, "--labels", "a;b", "none.png").contains("none.png"))
    #expect(
      try refusal("classify", "--model", "nowhere", "--labels", "a;b", "p.png").contains("nowhere"))
    #expect(
      try refusal("classify", "--model", model, "--labels", "a;b", "--prompt", "x", "p.png")
        .contains("[CLS]"))
  }

  @Test func embedWritesBothKinds() throws {
    let texts = CommandFixture.fresh("texts.txt")
    try Data("macular hole\ndrusen\n".utf8).write(to: URL(fileURLWithPath: texts))
    let out = CommandFixture.fresh("index.safetensors")
    let result = try KeepfitBinary.run(
      "embed", "--model", model, "--out", out, "--texts", texts, CommandFixture.image(0),
      CommandFixture.image(1), CommandFixture.image(2))
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.isEmpty)
    let file = try SafetensorsFile(contentsOf: URL(fileURLWithPath: out))
    let images = try file.tensor(named: "image_embeddings")
    #expect(images.shape == [3, 64])
    #expect(try file.tensor(named: "text_embeddings").shape == [2, 64])
    #expect(file.metadata["text_sources"] == "[\"macular hole\",\"drusen\"]")
    let length = images.scalars.prefix(64).reduce(0) { $0 + $1 * $1 }
    #expect(abs(length - 1) < 1e-5)
    let again = try KeepfitBinary.run(
      "embed", "--model", model, "--out", out, CommandFixture.image(0))
    #expect(again.code == 2)
    #expect(again.errors.contains("--force"))
    let nothing = try KeepfitBinary.run("embed", "--model", model, "--out", out + "2")
    #expect(nothing.code == 2)
  }

  @Test(arguments: ["vision", "text"]) func benchPrintsItsFigures(_ task: String) throws {
    let result = try KeepfitBinary.run(
      "bench", task, "--model", model, "--batch", "2", "--repeats", "2", "--json")
    let figures = try CommandFixture.json(result, as: [String: Any].self)
    for name in [
      "milliseconds_per_batch", "samples_per_second", "peak_bytes", "blas_core", "threads",
    ] {
      #expect(figures[name] != nil, "\(name)")
    }
    #expect((figures["milliseconds_per_batch"] as? Double ?? 0) > 0)
  }

  @Test func aFamilyNamesItsMembers() throws {
    let bench = try KeepfitBinary.run("bench")
    #expect(bench.code == 2)
    #expect(bench.errors.contains("vision"))
    #expect(try KeepfitBinary.run("data", "--help").output.contains("data validate"))
  }
}
