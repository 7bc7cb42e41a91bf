import Foundation
import Testing

/// What `transfer` makes of the columns, labels, keys and splits of a user's data.
@Suite struct TransferDataCommandTests {
  private let folder = URL(fileURLWithPath: CommandFixture.folder.path)

  /// Writes a manifest or an experiment among the images of the fixture.
  private func write(_ text: String, _ name: String) throws -> String {
    let path = CommandFixture.fresh(name)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func label(_ index: Int) -> String { index % 2 == 1 ? "exudates" : "normal" }

  private func transfer(_ experiment: String, _ words: [String]) throws -> KeepfitBinary.Result {
    try KeepfitBinary.run(
      [
        "transfer", "--model", CommandFixture.model, "--experiment", experiment, "--images-root",
        folder.path,
      ] + words)
  }

  private func results(_ out: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: out + "/results.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func rows(_ header: String, _ row: (Int) -> String) -> String {
    header + "\n" + (0..<12).map { row($0) + "\n" }.joined()
  }

  @Test func theSplitColumnIsHonored() throws {
    let manifest = try write(
      rows("image,label,split") { "p\($0).png,\(label($0)),\($0 < 8 ? "train" : "test")" },
      "split.csv")
    let out = CommandFixture.fresh("split-out")
    let result = try transfer(manifest, ["--method", "linear-probe", "--out", out])
    #expect(result.code == 0, "\(result.errors)")
    let report = try results(out)
    let list = try #require(report["results"] as? [[String: Any]])
    let folds = try #require(list[0]["folds"] as? [[String: Any]])
    #expect(folds.count == 1)
    #expect(folds[0]["training_count"] as? Int == 8)
    #expect(
      Set(try #require(folds[0]["test_images"] as? [String]))
        == ["p8.png", "p9.png", "p10.png", "p11.png"])
    // One shape to read; a single result stands at the top level as well.
    #expect((report["folds"] as? [Any])?.count == 1 && report["method"] != nil)

    let odd = try write(
      rows("image,label,split") { "p\($0).png,\(label($0)),\($0 < 8 ? "train" : "hold")" },
      "odd.csv")
    let refused = try transfer(odd, ["--method", "linear-probe"])
    #expect(refused.code == 2 && refused.errors.contains("hold"), "\(refused.errors)")
  }

  @Test func groupsStayOnOneSide() throws {
    // Four images a patient, two of each class.
    let manifest = try write(
      rows("image,label,patient_id") { "p\($0).png,\(label($0)),patient\($0 / 4)" }, "patient.csv")
    let words = [
      "--method", "linear-probe", "--folds", "2", "--shots-train", "50%", "--shots-test", "30%",
      "--allow-fewer",
    ]
    let page = CommandFixture.fresh("group-page")
    let warned = try transfer(manifest, words + ["--out", page])
    #expect(
      warned.code == 0 && warned.errors.contains("--group-column patient_id"), "\(warned.errors)")
    #expect(
      try String(contentsOfFile: page + "/report.html", encoding: .utf8)
        .contains("groups of a fold&#39;s test images"))
    let out = CommandFixture.fresh("group-out")
    let grouped = try transfer(manifest, words + ["--group", "patient_id", "--out", out])
    #expect(grouped.code == 0, "\(grouped.errors)")
    #expect(!grouped.errors.contains("also have training"))
    let missing = try transfer(manifest, words + ["--group", "person"])
    #expect(missing.code == 2 && missing.errors.contains("person"))
  }

  @Test(arguments: [
    (
      #"{"name":"x","manifest":"MANIFEST","test_manifests":"t.csv"}"#,
      "did you mean 'test_manifest'"
    ),
    (#"{"name":"x","manifest":"nowhere/MANIFEST"}"#, "there is no such file"),
  ]) func experimentsAreReadToTheLetter(json: String, expected: String) throws {
    let name = URL(fileURLWithPath: folder.path + "/rows.csv").lastPathComponent
    let file = try write(json.replacing("MANIFEST", with: name), "experiment.json")
    let result = try transfer(file, ["--method", "linear-probe", "--shots-train", "2"])
    #expect(result.code == 2 && result.errors.contains(expected), "\(result.errors)")
  }

  @Test func anAbsoluteManifestIsNotPrefixed() throws {
    let file = try write(#"{"name":"x","manifest":"\#(folder.path)/rows.csv"}"#, "absolute.json")
    let result = try transfer(file, ["--method", "linear-probe", "--folds", "1"])
    #expect(result.code == 0, "\(result.errors)")
  }

  @Test func labelsThatCannotBeMeantAreRefused() throws {
    func refusal(_ name: String, _ words: [String] = [], _ label: (Int) -> String) throws -> String
    {
      let manifest = try write(rows("image,label") { "p\($0).png,\(label($0))" }, name)
      let result = try transfer(
        manifest, words.isEmpty ? ["--method", "linear-probe", "--folds", "1"] : words)
      #expect(result.code == 2, "\(result.errors)")
      return result.errors
    }
    let spelled = try refusal("case.csv") { $0 == 0 ? "Normal" : self.label($0) }
    #expect(spelled.contains("--normalize-labels"))
    let numbers = try refusal("numbers.csv", ["--method", "zero-shot"]) { "\($0 % 2)" }
    #expect(numbers.contains("names"))
    let twice = try write(
      rows("image,label") { "p\($0).png,\(label($0))" } + "p0.png,exudates\n", "twice.csv")
    let conflict = try transfer(twice, ["--method", "linear-probe", "--folds", "1"])
    #expect(conflict.code == 2 && conflict.errors.contains("lines 2 and 14"), "\(conflict.errors)")
  }

  @Test func spellingsAreMergedWhereAsked() throws {
    let manifest = try write(
      rows("image,label") { "p\($0).png,\($0 == 0 ? "Normal" : label($0))" }, "merge.csv")
    let result = try transfer(
      manifest, ["--method", "linear-probe", "--folds", "1", "--normalize-labels"])
    #expect(result.code == 0 && result.errors.contains("Normal"), "\(result.errors)")
  }

  @Test func externalManifestsOfOneNameStayApart() throws {
    var names: [String] = []
    for place in ["EA", "EB"] {
      let directory = CommandFixture.fresh("external") + "/" + place
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      let keep = place == "EA" ? 0..<6 : 4..<12
      try Data(
        ("image,label\n" + keep.map { "p\($0).png,\(label($0))\n" }.joined()).utf8
      ).write(to: URL(fileURLWithPath: directory + "/test.csv"))
      names.append(directory + "/test.csv")
    }
    let out = CommandFixture.fresh("external-out")
    let result = try transfer(
      folder.path + "/rows.csv",
      [
        "--method", "linear-probe", "--folds", "1", "--external", names[0], "--external", names[1],
        "--out", out,
      ])
    #expect(result.code == 0, "\(result.errors)")
    let list = try #require(try results(out)["results"] as? [[String: Any]])
    let external = try #require(list[0]["external"] as? [String: Any])
    #expect(external.count == 2, "\(external.keys)")
  }

  @Test func theLayoutsOfOthersAreRead() throws {
    let header = ["filename;diagnosis", "Image;Label", "id_code;diagnosis"]
    for (index, first) in header.enumerated() {
      let manifest = try write(
        rows(first) { "p\($0)\(index == 2 ? "" : ".png");\(label($0))" }, "layout.csv")
      let result = try transfer(manifest, ["--method", "linear-probe", "--folds", "1"])
      #expect(result.code == 0, "\(first): \(result.errors)")
    }
  }

  @Test func aBadImageIsListedAndLeftOut() throws {
    let bad = CommandFixture.fresh("broken.png")
    try Data("nothing".utf8).write(to: URL(fileURLWithPath: bad))
    let name = URL(fileURLWithPath: bad).lastPathComponent
    let manifest = try write(
      rows("image,label") { "p\($0).png,\(label($0))" } + "\(name),normal\n", "bad.csv")
    let words = ["--method", "linear-probe", "--folds", "1"]
    let cache = CommandFixture.fresh("bad-cache")
    let failed = try transfer(manifest, words + ["--cache", cache])
    #expect(failed.code != 0 && failed.errors.contains(name))
    // The features before the bad image are not lost.
    #expect(try !FileManager.default.contentsOfDirectory(atPath: cache).isEmpty)
    let out = CommandFixture.fresh("bad-out")
    let result = try transfer(manifest, words + ["--on-bad-image", "skip", "--out", out])
    #expect(result.code == 1 && result.errors.contains(name), "\(result.errors)")
    let skipped = try #require(try results(out)["skipped"] as? [[String: Any]])
    #expect(skipped.map { $0["image"] as? String } == [name])
  }

  @Test(arguments: [
    ["--lr", "0.1"], ["--epochs", "3"], ["--patience", "2"], ["--freeze", "encoder"],
    ["--tip-released"], ["--probe-first"], ["--prompt", "a [CLS]"], ["--knowledge", "none"],
    ["--reference", "r.json"], ["--shots-val", "5%"],
  ]) func optionsWithoutEffectAreRefused(words: [String]) throws {
    let result = try transfer(
      folder.path + "/rows.csv", ["--method", "linear-probe"] + words)
    #expect(result.code == 2 && result.errors.contains(words[0]), "\(result.errors)")
  }

  @Test func patienceNeedsValidationImages() throws {
    let result = try transfer(
      folder.path + "/rows.csv", ["--method", "fine-tune", "--patience", "2"])
    #expect(
      result.code == 2 && result.errors.contains("--patience has no effect without validation"),
      "\(result.errors)")
  }
}
