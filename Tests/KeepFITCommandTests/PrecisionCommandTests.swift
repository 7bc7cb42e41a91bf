import Foundation
import Testing

/// `keepfit quantize` and `--precision int8`.
@Suite struct PrecisionCommandTests {
  private let images = (0..<6).map(CommandFixture.image)

  @Test func bytesAreCalibratedOnceAndUsed() throws {
    let file = CommandFixture.fresh("calibration.json")
    let made = try KeepfitBinary.run(
      ["quantize", "--model", CommandFixture.model, "--out", file, "--json"] + images)
    #expect(made.code == 0, "\(made.errors)")
    let object = try CommandFixture.json(made, as: [String: Any].self)
    #expect((object["least_cosine"] as? Double ?? 0) >= 0.999)
    #expect(object["images"] as? Int == 6)

    func answer(_ options: String...) throws -> KeepfitBinary.Result {
      try KeepfitBinary.run(
        ["classify", "--model", CommandFixture.model, "--labels", "drusen;normal", "--json"]
          + options + [CommandFixture.image(7)])
    }
    let (floats, bytes) = (
      try answer(), try answer("--precision", "int8", "--calibration", file)
    )
    func logits(_ result: KeepfitBinary.Result) throws -> [Double] {
      let items = try CommandFixture.json(result, as: [[String: Any]].self)
      return try #require(items.first?["logits"] as? [Double])
    }
    let (exact, rough) = (try logits(floats), try logits(bytes))
    #expect(exact != rough && zip(exact, rough).allSatisfy { abs($0 - $1) < 0.3 })
    // The earlier name of the command still works.
    let again = try KeepfitBinary.run(
      ["calibrate", "--model", CommandFixture.model, "--out", file] + images)
    #expect(again.code == 2 && again.errors.contains("already exists"), "\(again.errors)")
    #expect(!(try KeepfitBinary.run("--help")).output.contains("calibrate "))
  }

  @Test func aFineTunedAdapterHasOtherWeights() throws {
    let out = CommandFixture.fresh("fine-tuned")
    let tuned = try KeepfitBinary.run(
      "transfer", "--model", CommandFixture.model, "--experiment",
      CommandFixture.folder.path + "/rows.csv", "--method", "fine-tune", "--epochs", "1", "--folds",
      "1", "--shots-train", "2", "--size", "32", "--save-adapters", "--out", out)
    #expect(tuned.code == 0, "\(tuned.errors)")
    let adapters = try FileManager.default.subpathsOfDirectory(atPath: out + "/adapters")
    let adapter = try #require(adapters.first { $0.hasSuffix("adapter.json") })
    let folder = URL(fileURLWithPath: out + "/adapters/" + adapter).deletingLastPathComponent()
    let result = try KeepfitBinary.run(
      "classify", "--model", CommandFixture.model, "--adapter", folder.path, "--precision", "int8",
      CommandFixture.image(0))
    #expect(result.code == 2 && result.errors.contains("omit --precision int8"), "\(result.errors)")
  }

  @Test func whatDoesNotFitIsRefused() throws {
    func refusal(_ options: [String]) throws -> String {
      let result = try KeepfitBinary.run(
        ["classify", "--labels", "a;b", "--precision", "int8", CommandFixture.image(0)] + options)
      #expect(result.code != 0)
      #expect(result.errors.split(separator: "\n").count == 1)
      return result.errors
    }
    #expect(try refusal(["--model", CommandFixture.model]).contains("keepfit quantize"))

    let other = CommandFixture.fresh("other")
    #expect(
      try KeepfitBinary.run("init", "--preset", "tiny", "--seed", "4", "--out", other).code == 0)
    let made = try KeepfitBinary.run(["quantize", "--model", other, "--quiet"] + images)
    #expect(made.code == 0, "\(made.errors)")
    let file = other + "/calibration.json"
    #expect(
      try refusal(["--model", CommandFixture.model, "--calibration", file])
        .contains("other weights"))
    for damage in ["", "{}", "[1,2]", "{\"format\":1,\"model\":\"x\"}"] {
      try Data(damage.utf8).write(to: URL(fileURLWithPath: file))
      #expect(try refusal(["--model", other]).contains("is not a calibration"))
    }
    let impossible = try KeepfitBinary.run(
      [
        "quantize", "--model", CommandFixture.model, "--min-cosine", "1", "--out",
        CommandFixture.fresh("never.json"),
      ] + images)
    #expect(impossible.code != 0 && impossible.errors.contains("too coarse"))
  }
}
