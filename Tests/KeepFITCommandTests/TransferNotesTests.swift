import Foundation
import KeepFIT
import Testing

/// What `transfer` says of names, keys, and images that occur twice.
@Suite struct TransferNotesTests {
  private let folder = CommandFixture.folder.path

  private func write(_ text: String, _ name: String) throws -> String {
    let path = CommandFixture.fresh(name)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func transfer(_ experiment: String, _ words: String...) throws -> KeepfitBinary.Result {
    try KeepfitBinary.run(
      [
        "transfer", "--model", CommandFixture.model, "--experiment", experiment, "--images-root",
        folder,
      ] + words)
  }

  private func rows(_ label: (Int) -> String) -> String {
    "image,label\n" + (0..<12).map { "p\($0).png,\(label($0))\n" }.joined()
  }

  @Test func aJSONExperimentNamesItsClasses() throws {
    let manifest = try write(rows { "\($0 % 2)" }, "grades.csv")
    func experiment(_ names: String) throws -> String {
      try write(
        #"{"name": "grades", "manifest": "\#(manifest)", "targets": {"0": 0, "1": 1}\#(names)}"#,
        "grades.json")
    }
    let bare = try transfer(try experiment(""), "--method", "zero-shot")
    #expect(bare.code == 2 && bare.errors.contains("'0' is not a name"), "\(bare.errors)")
    let named = try transfer(
      try experiment(#", "names": {"0": "normal", "1": "hard exudates"}"#), "--method",
      "zero-shot")
    #expect(named.code == 0, "\(named.errors)")
  }

  @Test func probesOfNumbersAreRefused() throws {
    let manifest = try write(rows { "\($0 % 2)" }, "numbers.csv")
    let result = try KeepfitBinary.run(
      "pretrain", "--model", CommandFixture.model, "--public", folder + "/rows.csv",
      "--objective", "flair", "--probe", manifest, "--probe-root", folder, "--max-steps", "1",
      "--batch-size", "2", "--image-size", "32", "--out", CommandFixture.fresh("numbers-run"))
    #expect(result.code == 2 && result.errors.contains("'0' is not a name"), "\(result.errors)")
  }

  @Test func trainingImagesInAnExternalTestSetAreCounted() throws {
    let external = try write(
      "image,label\n"
        + (0..<6).map { "\(folder)/p\($0).png,\($0 % 2 == 1 ? "exudates" : "normal")\n" }
        .joined(), "external.csv")
    let result = try transfer(
      folder + "/rows.csv", "--method", "linear-probe", "--folds", "1", "--shots-train", "80%",
      "--external", external)
    #expect(result.code == 0, "\(result.errors)")
    #expect(
      result.errors.contains("are also training or validation images (same content)"),
      "\(result.errors)")
  }

  @Test func aManifestInTheHomeDirectoryIsLookedForThere() throws {
    let file = try write(#"{"name": "x", "manifest": "~/no-such-manifest.csv"}"#, "tilde.json")
    let result = try transfer(file, "--method", "linear-probe")
    #expect(result.code == 2 && !result.errors.contains(folder + "/~"), "\(result.errors)")
    #expect(result.errors.contains("no-such-manifest.csv"))
  }

  @Test func keysOfPublishedFiguresAreKnown() throws {
    let file = try write(
      #"{"source": "x", "figures": [{"method": "zero-shot", "metrc": "aca", "value": 1}]}"#,
      "figures.json")
    let result = try transfer(folder + "/rows.csv", "--method", "zero-shot", "--reference", file)
    #expect(
      result.code == 2 && result.errors.contains("unknown key 'metrc'; did you mean 'metric'?"),
      "\(result.errors)")
  }

  @Test func tenProblemsAreShownAndTheRestCounted() throws {
    let manifest = try write(
      "image,label\n" + (0..<500).map { "missing\($0).png,normal\n" }.joined(), "missing.csv")
    let result = try KeepfitBinary.run("data", "validate", manifest, "--root", folder)
    #expect(result.code == 2)
    let lines = result.output.split(separator: "\n")
    #expect(lines.count < 16 && lines.contains { $0.contains("490") }, "\(result.output)")
  }

  @Test func theColumnModalityChoosesThePrompt() throws {
    func prompt(_ modality: (Int) -> String) throws -> (notes: String, template: String?) {
      let manifest = try write(
        "image,label,modality\n"
          + (0..<12).map { "p\($0).png,\($0 % 2 == 1 ? "exudates" : "normal"),\(modality($0))\n" }
          .joined(), "modality.csv")
      let result = try transfer(manifest, "--method", "zero-shot", "--json")
      let object = try CommandFixture.json(result, as: [String: Any].self)
      return (result.errors, (object["prompt"] as? [String: Any])?["template"] as? String)
    }
    let mixed = try prompt { $0 < 8 ? "CFP" : "FFA" }
    #expect(
      mixed.notes.contains(
        "mixes modalities, CFP (8 images), FFA (4 images); the prompt is the one for CFP"),
      "\(mixed.notes)")
    let angiograms = try prompt { _ in "FFA" }
    #expect(!angiograms.notes.contains("mixes"))
    #expect(mixed.template == PromptTemplates.inference[.colorFundus])
    #expect(angiograms.template == PromptTemplates.inference[.angiography])
  }

  @Test func pathsAreNotJudgedByAnotherRoot() throws {
    // The manifest's own directory has a file of every name twice; they are not what is meant.
    let place = CommandFixture.fresh("place")
    for name in ["a", "b"] {
      try FileManager.default.createDirectory(
        atPath: "\(place)/\(name)", withIntermediateDirectories: true)
      for index in 0..<12 {
        try Data().write(to: URL(fileURLWithPath: "\(place)/\(name)/p\(index).png"))
      }
    }
    try Data(rows { $0 % 2 == 1 ? "exudates" : "normal" }.utf8)
      .write(to: URL(fileURLWithPath: place + "/rows.csv"))
    let result = try transfer(place + "/rows.csv", "--method", "zero-shot")
    #expect(
      result.code == 0 && !result.errors.contains("several subdirectories"), "\(result.errors)")
  }

  /// A copy of the model with a caption of its own.
  @Test func theModelsOwnPromptIsUsedAndSaid() throws {
    let copy = CommandFixture.fresh("own-prompt")
    try FileManager.default.copyItem(atPath: CommandFixture.model, toPath: copy)
    let file = URL(fileURLWithPath: copy + "/config.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.contains("A fundus photograph of [CLS]"))
    try Data(text.replacing("A fundus photograph of [CLS]", with: "Eye with [CLS]").utf8)
      .write(to: file)
    let result = try KeepfitBinary.run(
      "transfer", "--model", copy, "--experiment", folder + "/rows.csv", "--method", "zero-shot",
      "--json")
    let object = try CommandFixture.json(result, as: [String: Any].self)
    #expect(result.errors.contains("using the model's own prompt, 'Eye with [CLS]'"))
    let prompt = object["prompt"] as? [String: Any]
    #expect(prompt?["template"] as? String == "Eye with [CLS]")
    #expect(prompt?["source"] as? String == "model")
  }

  /// A text encoder whose words are all one: `transfer` and `explain` say what their scores are worth.
  @Test func textsThatEmbedAlikeAreSaid() throws {
    let copy = URL(fileURLWithPath: CommandFixture.fresh("collapsed"))
    try FileManager.default.copyItem(at: URL(fileURLWithPath: CommandFixture.model), to: copy)
    let weights = copy.appending(path: "model.safetensors")
    let file = try SafetensorsFile(contentsOf: weights)
    let entries = try file.names.map { key in
      let tensor = try file.tensor(named: key)
      return key.hasSuffix("word_embeddings.weight")
        ? (key, tensor * 0) : (key, tensor)
    }
    try Safetensors.write(entries, metadata: file.metadata, to: weights, force: true)
    let out = CommandFixture.fresh("alike-out")
    let result = try KeepfitBinary.run(
      "transfer", "--model", copy.path, "--experiment", folder + "/rows.csv", "--method",
      "zero-shot", "--knowledge", "none", "--out", out)
    #expect(
      result.code == 0 && result.errors.contains("class texts have nearly the same embedding"),
      "\(result.errors)")
    #expect(
      try String(contentsOfFile: out + "/report.html", encoding: .utf8)
        .contains("class texts have nearly the same embedding"))
    let explained = try KeepfitBinary.run(
      "explain", "--model", copy.path, "--text", "exudates", "--out",
      CommandFixture.fresh("alike.png"), CommandFixture.image(0))
    #expect(
      explained.errors.contains("all texts have nearly the same embedding"), "\(explained.errors)")
  }
}
