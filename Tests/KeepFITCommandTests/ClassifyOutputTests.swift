import Foundation
import KeepFIT
import Testing

/// `classify --out`, `--resume`, `--independent`, `--conformal` and the quality column.
@Suite struct ClassifyOutputTests {
  private func classify(_ words: [String]) throws -> KeepfitBinary.Result {
    try KeepfitBinary.run(["classify", "--model", CommandFixture.model] + words)
  }

  private let zeroShot = ["--labels", "normal;exudates", "--batch-size", "2"]

  private func table(_ path: String) throws -> [[String]] {
    CSVReader().records(of: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
      .records.map(\.fields)
  }

  @Test func aTableHasARowPerImage() throws {
    let out = CommandFixture.fresh("p.csv")
    let images = (0..<5).map(CommandFixture.image)
    let result = try classify(zeroShot + ["--out", out] + images)
    #expect(result.code == 0 && result.output.isEmpty, "\(result.errors)")
    let rows = try table(out)
    #expect(
      rows[0] == [
        "image", "label", "probability_normal", "probability_exudates", "laterality", "quality",
      ])
    #expect(rows.dropFirst().map { $0[0] } == images)
    // The numbers of --json.
    let list = try CommandFixture.json(
      try classify(zeroShot + ["--json"] + images), as: [[String: Any]].self)
    for (row, item) in zip(rows.dropFirst(), list) {
      let values = try #require(item["probabilities"] as? [Double])
      #expect(abs(Double(row[2])! - values[0]) < 1e-6 && abs(Double(row[3])! - values[1]) < 1e-6)
      #expect(row[1] == (values[0] >= values[1] ? "normal" : "exudates"))
      #expect(item["label"] as? String == row[1])
      #expect(!row[5].isEmpty)
    }
    // Nothing is overwritten.
    let again = try classify(zeroShot + ["--out", out, images[0]])
    #expect(again.code == 2 && again.errors.contains("--resume continues"))
    #expect(try classify(zeroShot + ["--out", out, "--force", images[0]]).code == 0)
    #expect(try table(out).count == 2)
  }

  /// A column for each eye, a column that states the eye, and file names: the table knows better.
  @Test func theEyeOfATableIsKept() throws {
    let names = (0..<4).map { "img\($0 == 3 ? "_left" : "").png".replacing("img", with: "e\($0)") }
    let folder = CommandFixture.fresh("eyes")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (index, name) in names.enumerated() {
      try FileManager.default.copyItem(
        atPath: CommandFixture.image(index), toPath: folder + "/" + name)
    }
    func eyes(_ table: String, _ name: String) throws -> [[String]] {
      try Data(table.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
      let out = CommandFixture.fresh("eyes.csv")
      let result = try classify(zeroShot + ["--out", out, folder + "/" + name])
      #expect(result.code == 0, "\(result.errors)")
      let rows = try self.table(out)
      let column = try #require(rows[0].firstIndex(of: "laterality"))
      return rows.dropFirst().map { [URL(fileURLWithPath: $0[0]).lastPathComponent, $0[column]] }
    }
    let pairs =
      "ID,Left-Fundus,Right-Fundus,N,D\n1,\(names[0]),\(names[1]),1,0\n2,,\(names[3]),0,1\n"
    #expect(
      try eyes(pairs, "odir.csv")
        == [[names[0], "left"], [names[1], "right"], [names[3], "right"]])
    let stated = "image,Laterality\n\(names[0]),OD\n\(names[1]),\n\(names[2]),L\n\(names[3]),?\n"
    #expect(
      try eyes(stated, "stated.csv")
        == [[names[0], "right"], [names[1], ""], [names[2], "left"], [names[3], "left"]])
    let list = try CommandFixture.json(
      try classify(zeroShot + ["--json", folder + "/odir.csv"]), as: [[String: Any]].self)
    #expect(list.compactMap { $0["laterality"] as? String } == ["left", "right", "right"])
  }

  @Test func aKilledRunGoesOn() throws {
    let images = (0..<6).map(CommandFixture.image)
    for suffix in ["csv", "jsonl", "json"] {
      let out = CommandFixture.fresh("p." + suffix)
      let url = URL(fileURLWithPath: out)
      #expect(try classify(zeroShot + ["--out", out, "--no-quality-check"] + images).code == 0)
      let whole = try Data(contentsOf: url)
      // The last row that was begun is not complete.
      try whole.prefix(whole.count * 3 / 5).write(to: url)
      let words = zeroShot + ["--out", out, "--resume", "--no-quality-check"] + images
      let result = try classify(words)
      #expect(result.code == 0, "\(result.errors)")
      #expect(try Data(contentsOf: url) == whole, "\(suffix)")
      let again = try classify(words)
      #expect(again.errors.contains("6 of 6 images are done"))
      #expect(try Data(contentsOf: url) == whole)
      let other = try classify(
        ["--labels", "normal;drusen", "--out", out, "--resume", "--no-quality-check"] + images)
      #expect(other.code == 2 && other.errors.contains("another"), "\(other.errors)")
      #expect(try Data(contentsOf: url) == whole)
    }
  }

  @Test func badImagesAreListedAndTheRestIsWritten() throws {
    let bad = CommandFixture.fresh("bad.jpg")
    try Data("no image".utf8).write(to: URL(fileURLWithPath: bad))
    let files = [CommandFixture.image(0), bad, CommandFixture.image(1)]
    let out = CommandFixture.fresh("p.json")
    let failed = try classify(zeroShot + ["--out", out] + files)
    #expect(failed.code == 2 && failed.errors.contains(bad))
    func images() throws -> [String] {
      let list = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: out)))
      return (list as? [[String: Any]] ?? []).compactMap { $0["image"] as? String }
    }
    #expect(try images() == [files[0]])
    let rest = try classify(
      zeroShot + ["--out", out, "--resume", "--on-bad-image", "skip"] + files)
    #expect(rest.code == 1 && rest.errors.contains("skipped: \(bad)"), "\(rest.errors)")
    #expect(try images() == [files[0], files[2]])
  }

  @Test func findingsAreIndependent() throws {
    let words = ["--independent", "--labels", "glaucoma;drusen;macular hole"]
    let list = try CommandFixture.json(
      try classify(words + ["--json", CommandFixture.image(0)]), as: [[String: Any]].self)
    let values = try #require(list[0]["probabilities"] as? [Double])
    let logits = try #require(list[0]["logits"] as? [Double])
    for (value, logit) in zip(values, logits) { #expect(abs(value - 1 / (1 + exp(-logit))) < 1e-5) }
    let named = zip(["glaucoma", "drusen", "macular hole"], values).filter { $1 >= 0.5 }.map(\.0)
    #expect(list[0]["label"] as? String == named.joined(separator: ";"))
    // Each finding against its absence, whatever the others.
    let alone = try CommandFixture.json(
      try classify(
        ["--independent", "--knowledge", "none", "--labels", "drusen", "--json"]
          + [CommandFixture.image(0)]), as: [[String: Any]].self)
    let pair = try CommandFixture.json(
      try classify(["--labels", "drusen;no drusen", "--json", CommandFixture.image(0)]),
      as: [[String: Any]].self)
    let expected = try #require(pair[0]["probabilities"] as? [Double])
    #expect(abs(try #require(alone[0]["probabilities"] as? [Double])[0] - expected[0]) < 1e-5)
    for label in ["normal", "no glaucoma"] {
      let refused = try classify(
        ["--independent", "--labels", "drusen;\(label)", CommandFixture.image(0)])
      #expect(refused.code == 2 && refused.errors.contains("is not a finding"))
    }
  }

  @Test func anAdapterHasATemperatureAndPredictionSets() throws {
    let out = CommandFixture.fresh("fitted")
    let root = CommandFixture.folder.path
    let words = [
      "transfer", "--model", CommandFixture.model, "--experiment", root + "/rows.csv", "--method",
      "linear-probe", "--shots-train", "3", "--shots-val", "2", "--shots-test", "1", "--folds", "1",
      "--out", out, "--save-adapters", "--size", "64",
    ]
    let made = try KeepfitBinary.run(words + ["--temperature"])
    #expect(made.code == 0, "\(made.errors)")
    let data = try Data(contentsOf: URL(fileURLWithPath: out + "/results.json"))
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let fold = try #require((object["folds"] as? [[String: Any]])?.first)
    let effect = try #require(fold["temperature"] as? [String: Any])
    #expect(effect["validation_images"] as? Int == 4)
    let adapter = out + "/adapters/linear-probe-3/fold0"
    let image = CommandFixture.image(0)
    let sets = try classify(["--adapter", adapter, "--conformal", "0.25", "--json", image])
    #expect(sets.errors.contains("temperature") && sets.errors.contains("4 validation images"))
    let list = try CommandFixture.json(sets, as: [[String: Any]].self)
    let set = try #require(list[0]["prediction_set"] as? [String])
    #expect((1...2).contains(set.count) && set[0] == list[0]["label"] as? String)
    // The test images have the same probabilities as in the results.
    let tested = try #require(fold["test_images"] as? [String])
    let expected = try #require((fold["probabilities"] as? [[Double]])?.first)
    let again = try CommandFixture.json(
      try classify(["--adapter", adapter, "--json", root + "/" + tested[0]]),
      as: [[String: Any]].self)
    let found = try #require(again[0]["probabilities"] as? [Double])
    #expect(abs(found[0] - expected[0]) < 1e-4)
    let few = try classify(["--adapter", adapter, "--conformal", "0.01", image])
    #expect(few.code == 2 && few.errors.contains("needs at least 99 validation images"))

    // Without validation images there are neither.
    let bare = CommandFixture.fresh("bare")
    let plain = words.map { $0 == out ? bare : $0 }.filter { $0 != "--shots-val" && $0 != "2" }
    #expect(try KeepfitBinary.run(plain).code == 0)
    let none = try classify(
      ["--adapter", bare + "/adapters/linear-probe-3/fold0", "--conformal", "0.2", image])
    #expect(none.code == 2 && none.errors.contains("--shots-val"), "\(none.errors)")
    let refused = try KeepfitBinary.run(
      plain.map { $0 == bare ? bare + "2" : $0 } + ["--temperature"])
    #expect(refused.code == 2 && refused.errors.contains("validation images"))
  }

  @Test func doubtfulImagesAreNamed() throws {
    let dark = CommandFixture.fresh("dark_left.png")
    try FundusImage(width: 60, height: 60, pixels: .init(repeating: 5, count: 10800))
      .writePNG(to: URL(fileURLWithPath: dark))
    let out = CommandFixture.fresh("q.csv")
    let result = try classify(zeroShot + ["--out", out, dark, CommandFixture.image(0)])
    #expect(result.code == 0)
    #expect(
      result.errors.contains("warning: 1 of 2 images is too dark: \(dark)"), "\(result.errors)")
    let row = try table(out)[1]
    #expect(row[4] == "left" && row[5].contains("dark"))
    let silent = try classify(zeroShot + ["--no-quality-check", "--json", dark])
    #expect(!silent.errors.contains("dark") && !silent.output.contains("quality"))
  }

  @Test(arguments: [
    (["--resume"], "--resume has no effect without --out"),
    (["--force"], "--force has no effect without --out"),
    (["--out", "x.txt"], "must end in .csv, .jsonl or .json"),
    (["--out", "x.csv", "--json"], "--json prints to standard output"),
    (["--out", "x.csv", "--resume", "--force"], "mutually exclusive"),
    (["--conformal", "0.1"], "--conformal has no effect without --adapter"),
  ])
  func optionsWithoutEffectAreRefused(words: [String], expected: String) throws {
    let result = try classify(zeroShot + words + [CommandFixture.image(0)])
    #expect(result.code == 2 && result.errors.contains(expected), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: "x.csv"))
  }
}
