import Foundation
import KeepFIT
import Testing

/// Image folders and spreadsheets as `transfer`, `pretrain` and the `data` commands take them.
@Suite struct DatasetInputCommandTests {
  private let model = CommandFixture.model

  /// The twelve images of the fixture: the first eight for training, two for validation, two for testing.
  private static let tree: String = {
    let tree = CommandFixture.fresh("tree")
    for index in 0..<12 {
      let part = index < 8 ? "train" : index < 10 ? "val" : "test"
      let folder = "\(tree)/\(part)/\(index % 2 == 1 ? "exudates" : "normal")"
      try! FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
      try! FileManager.default.copyItem(
        atPath: CommandFixture.image(index), toPath: "\(folder)/p\(index).png")
    }
    return tree
  }()

  private func file(_ text: String, _ name: String) throws -> String {
    let path = CommandFixture.fresh(name)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// A spreadsheet in the manner of IDRiD: names without extensions, grades, empty columns, an emptied row.
  private func grades() throws -> String {
    let rows = (0..<12).map { "p\($0);\($0 % 2);x;\($0 / 4);;\r\n" }.joined()
    return try file(
      "Image name;Retinopathy grade;Risk of macular edema ;Case;;\r\n" + rows + ";;;;;\r\n",
      "grades.csv")
  }

  @Test func transferHonorsTheSplitsOfAFolder() throws {
    let result = try KeepfitBinary.run(
      "transfer", "--model", model, "--experiment", Self.tree, "--method", "linear-probe",
      "--folds", "1", "--json")
    let report = try CommandFixture.json(result, as: [String: Any].self)
    #expect(result.errors.contains("8 training images, 2 validation images, 2 test images"))
    let folds = try #require(report["folds"] as? [[String: Any]])
    #expect(
      Set(try #require(folds[0]["test_images"] as? [String]))
        == ["test/normal/p10.png", "test/exudates/p11.png"])
    let rooted = try KeepfitBinary.run(
      "transfer", "--model", model, "--experiment", Self.tree, "--images-root", Self.tree)
    #expect(rooted.code == 2 && rooted.errors.contains("--images-root has no effect"))
    let named = try KeepfitBinary.run(
      "transfer", "--model", model, "--experiment", Self.tree, "--label-column", "x")
    #expect(named.code == 2 && named.errors.contains("no columns to select"), "\(named.errors)")
  }

  @Test func transferTakesASpreadsheet() throws {
    let words = [
      "transfer", "--model", model, "--experiment", try grades(), "--images-root",
      CommandFixture.folder.path, "--method", "linear-probe", "--shots-train", "2", "--folds", "1",
    ]
    let result = try KeepfitBinary.run(words)
    #expect(result.code == 0, "\(result.errors)")
    for text in ["'Image name'", "'Retinopathy grade'", "semicolons", "1 empty row left out"] {
      #expect(result.errors.contains(text), "\(text): \(result.errors)")
    }
    // By name, in groups, and with names for the grades, which zero-shot needs.
    let named = try KeepfitBinary.run(
      words.map { $0 == "linear-probe" ? "all" : $0 } + [
        "--label-column", "Retinopathy grade", "--group-column", "Case", "--label-names",
        "0=normal;1=hard exudates", "--json",
      ])
    #expect(named.code == 0, "\(named.errors)")
    #expect(named.output.contains("\"hard exudates\""))
    let wrong = try KeepfitBinary.run(words + ["--label-column", "Retinopaty grade"])
    #expect(wrong.code == 2 && wrong.errors.contains("did you mean 'Retinopathy grade'?"))
  }

  @Test func dataCommandsTakeAnything() throws {
    let root = CommandFixture.folder.path
    for source in [[Self.tree], [try grades(), "--root", root]] {
      let valid = try KeepfitBinary.run(["data", "validate", "--no-decode"] + source)
      #expect(valid.code == 0, "\(valid.output)\(valid.errors)")
      let stats = try KeepfitBinary.run(["data", "stats", "--json"] + source)
      #expect(stats.code == 0 && stats.output.contains("12"), "\(stats.errors)")
      let out = CommandFixture.fresh("small")
      let resized = try KeepfitBinary.run(
        ["data", "resize", "--out", out, "--size", "32"] + source)
      #expect(resized.code == 0 && resized.errors.contains("Wrote 12 images"), "\(resized.errors)")
    }
    #expect(try KeepfitBinary.run("data", "stats").errors.contains("SOURCE is missing"))
    let rooted = try KeepfitBinary.run("data", "stats", Self.tree, "--root", root)
    #expect(rooted.code == 2 && rooted.errors.contains("--root has no effect"))
  }

  @Test func importWritesWhatTransferReads() throws {
    let root = CommandFixture.folder.path
    let out = root + "/imported-\(UUID().uuidString).csv"
    let result = try KeepfitBinary.run(
      "data", "import", try grades(), "--root", root, "--out", out, "--label-names",
      "0=normal;1=exudates", "--group-column", "Case")
    #expect(result.code == 0, "\(result.errors)")
    for text in [
      "image: column Image name", "label: column Retinopathy grade", "rows: 12, 12 images",
      "normal: 6", "patients: 3",
    ] {
      #expect(result.output.contains(text), "\(text): \(result.output)")
    }
    let read = try KeepfitBinary.run(
      "transfer", "--model", model, "--experiment", out, "--method", "zero-shot")
    #expect(read.code == 0, "\(read.errors)")
    let again = try KeepfitBinary.run("data", "import", Self.tree, "--out", out)
    #expect(again.code == 2 && again.errors.contains("--force"))
    let folder = try KeepfitBinary.run(
      "data", "import", Self.tree, "--out", out, "--force", "--json")
    let summary = try CommandFixture.json(folder, as: [String: Any].self)
    #expect(summary["splits"] as? [String: Int] == ["train": 8, "validation": 2, "test": 2])
  }

  @Test func importSaysWhatItLeavesOut() throws {
    let source = try file("image,label\np0,a\ngone,b\np1,\np2,b\n", "t.csv")
    let out = CommandFixture.fresh("m.csv")
    let result = try KeepfitBinary.run(
      "data", "import", source, "--root", CommandFixture.folder.path, "--out", out)
    #expect(result.code == 0)
    #expect(result.errors.contains("1 row left out: the image does not exist: gone"))
    #expect(result.errors.contains("1 row left out: cannot be read: line 4: the label is empty"))
    let lost = try KeepfitBinary.run(
      "data", "import", try file("image,label\nx,a\ny,b\n", "u.csv"), "--out", out, "--force")
    #expect(lost.code == 2 && lost.errors.contains("none of the images exists"), "\(lost.errors)")
  }

  @Test func pretrainingUsesTheTrainingSplitOfAFolder() throws {
    let run = CommandFixture.fresh("run")
    let result = try KeepfitBinary.run(
      "pretrain", "--model", model, "--public", Self.tree, "--objective", "flair", "--batch-size",
      "4", "--image-size", "64", "--max-steps", "1", "--probe", Self.tree, "--label-names",
      "exudates=hard exudates", "--out", run)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.errors.contains("8 labeled"), "\(result.errors)")
    #expect(result.errors.contains("4 rows are marked val or test in the column 'split'"))
    let more = try KeepfitBinary.run("pretrain", "--resume", "--out", run, "--max-steps", "2")
    #expect(more.code == 0, "\(more.errors)")
  }

  @Test func anEmptyClassIsNamed() throws {
    let tree = CommandFixture.fresh("empty")
    for name in ["a", "b"] {
      try FileManager.default.createDirectory(
        atPath: tree + "/" + name, withIntermediateDirectories: true)
    }
    try FileManager.default.copyItem(
      atPath: CommandFixture.image(0), toPath: tree + "/a/0.png")
    let result = try KeepfitBinary.run("transfer", "--model", model, "--experiment", tree)
    #expect(result.code == 2 && result.errors.contains("the class 'b' has no images"))
    #expect(result.errors.split(separator: "\n").count == 1)
  }
}
