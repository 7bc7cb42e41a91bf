import Foundation
import KeepFIT
import Testing

/// Several labels per image, references, comparisons and explained adapters, as commands.
@Suite struct TransferEvidenceTests {
  private let root = CommandFixture.folder.path

  private func transfer(_ manifest: String, _ words: [String]) throws -> KeepfitBinary.Result {
    try KeepfitBinary.run(
      [
        "transfer", "--model", CommandFixture.model, "--experiment", manifest, "--images-root",
        root,
        "--size", "64",
      ] + words)
  }

  private func results(_ out: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: out + "/results.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test func severalLabelsAreEvaluatedAndApplied() throws {
    let manifest = CommandFixture.fresh("labels.csv")
    var rows = "image,atributes,categories\n"
    for index in 0..<12 {
      let labels =
        [index % 2 == 1 ? "exudates" : "", index % 3 == 0 ? "drusen" : ""]
        + [index % 4 < 2 ? "eye" : ""]
      let list = labels.filter { !$0.isEmpty }.map { "'\($0)'" }.joined(separator: ", ")
      rows += "p\(index).png,[],\"[\(list)]\"\n"
    }
    try Data(rows.utf8).write(to: URL(fileURLWithPath: manifest))
    let out = CommandFixture.fresh("labels-out")
    let external = CommandFixture.fresh("hospital.csv")
    try Data("image,label\np1.png,exudates;eye\np2.png,drusen\np4.png,eye\n".utf8)
      .write(to: URL(fileURLWithPath: external))
    let result = try transfer(
      manifest,
      [
        "--external", external,
        "--method", "linear-probe", "--shots-train", "50%", "--shots-val", "25%", "--shots-test",
        "25%", "--folds", "1", "--out", out, "--save-adapters",
      ])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("(mean)") && result.errors.contains("up to 3 labels each"))
    let object = try results(out)
    #expect(object["multi_label"] as? Bool == true)
    let labels = try #require(object["labels"] as? [[String: Any]])
    #expect(labels.compactMap { $0["label"] as? String } == ["drusen", "exudates", "eye"])
    let fold = try #require((object["folds"] as? [[String: Any]])?.first)
    #expect((fold["thresholds"] as? [Double])?.count == 3)
    #expect(fold["threshold_from"] as? String == "validation")
    let page = try String(contentsOfFile: out + "/report.html", encoding: .utf8)
    #expect(page.contains("exudates") && page.contains("Glossary"))
    let others = try #require(object["external"] as? [String: [String: Any]])
    #expect((others.first?.value["labels"] as? [Any])?.count == 3)
    #expect(page.contains("External test set"))

    let adapter = out + "/adapters/linear-probe-50percent/fold0"
    let applied = try KeepfitBinary.run(
      "classify", "--model", CommandFixture.model, "--adapter", adapter, "--json",
      CommandFixture.image(3))
    let item = try CommandFixture.json(applied, as: [[String: Any]].self)[0]
    let thresholds = try #require(fold["thresholds"] as? [Double])
    let values = try #require(item["probabilities"] as? [Double])
    let expected = zip(["drusen", "exudates", "eye"], zip(values, thresholds))
      .filter { $0.1.0 >= $0.1.1 }.map(\.0)
    #expect(item["label"] as? String == expected.joined(separator: ";"))
    let sets = try KeepfitBinary.run(
      "classify", "--model", CommandFixture.model, "--adapter", adapter, "--conformal", "0.4",
      CommandFixture.image(3))
    #expect(sets.code == 2 && sets.errors.contains("one label per image"))

    let positive = try transfer(manifest, ["--positive", "eye"])
    #expect(
      positive.code == 2 && positive.errors.contains("a positive class of its own; omit it"),
      "\(positive.errors)")
    for words in [
      ["--method", "tip-adapter"], ["--manifests", root],
      ["--method", "linear-probe", "--shots", "5"],
    ] {
      let refused = try transfer(manifest, words)
      #expect(refused.code == 2 && refused.errors.contains("label"), "\(words): \(refused.errors)")
    }
  }

  @Test func methodsAreCompared() throws {
    let out = CommandFixture.fresh("paired")
    let result = try transfer(
      root + "/rows.csv",
      ["--method", "all", "--shots", "3", "--shots-test", "3", "--folds", "1", "--out", out])
    #expect(result.code == 0, "\(result.errors)")
    let comparisons = try #require(try results(out)["comparisons"] as? [[String: Any]])
    // Five methods on the same images: ten pairs, by two scores.
    #expect(comparisons.count == 20)
    #expect(comparisons.allSatisfy { (0...1).contains($0["p"] as? Double ?? -1) })
    let page = try String(contentsOfFile: out + "/report.html", encoding: .utf8)
    for text in [
      "Paired comparisons of methods", "Prevalence", "KeepFIT for Swift 0.1.0", "Glossary",
    ] {
      #expect(page.contains(text), "\(text)")
    }
  }

  @Test func publishedFiguresStandBesideMeasuredOnes() throws {
    let manifests = CommandFixture.fresh("manifests")
    try FileManager.default.createDirectory(atPath: manifests, withIntermediateDirectories: true)
    var rows = ",image,atributes,categories\n"
    for index in 0..<12 {
      rows += "\(index),p\(index).png,[],['\(index % 2 == 0 ? "no glaucoma" : "glaucoma")']\n"
    }
    try Data(rows.utf8).write(to: URL(fileURLWithPath: manifests + "/25_REFUGE.csv"))
    let out = CommandFixture.fresh("reference")
    let words = ["--manifests", manifests, "--method", "zero-shot"]
    let result = try transfer("25_REFUGE", words + ["--reference", "paper", "--out", out])
    #expect(result.code == 0, "\(result.errors)")
    #expect(
      result.output.contains("KeepFIT, flair+MM (released)") && result.output.contains("0.941"))
    #expect(result.output.contains("20 %"))
    let page = try String(contentsOfFile: out + "/report.html", encoding: .utf8)
    #expect(page.contains("Published results") && page.contains("0.941") && page.contains("0.926"))

    let none = try transfer(
      "25_REFUGE", words + ["--method", "linear-probe", "--reference", "paper"])
    #expect(none.code == 2)
    let stray = CommandFixture.fresh("stray.json")
    try Data(
      "{\"source\": \"x\", \"figures\": [{\"method\": \"fine-tune\", \"metric\": \"aca\", \"value\": 0.5}]}"
        .utf8
    ).write(to: URL(fileURLWithPath: stray))
    let unmatched = try transfer("25_REFUGE", words + ["--reference", stray])
    #expect(
      unmatched.code == 0 && unmatched.errors.contains("none of the 1 published result"),
      "\(unmatched.errors)")
    let custom = try transfer(root + "/rows.csv", ["--reference", "paper"])
    #expect(custom.code == 2 && custom.errors.contains("08_ODIR200x3"))
  }

  @Test func aFittedClassifierIsExplained() throws {
    let out = CommandFixture.fresh("explained")
    for method in ["linear-probe", "clip-adapter", "tip-adapter"] {
      let made = try transfer(
        root + "/rows.csv",
        [
          "--method", method, "--shots-train", "3", "--shots-test", "2", "--folds", "1", "--out",
          out + method, "--save-adapters",
        ])
      #expect(made.code == 0, "\(made.errors)")
      let adapter = "\(out)\(method)/adapters/\(method)-3/fold0"
      func explain(_ words: String...) throws -> KeepfitBinary.Result {
        try KeepfitBinary.run(
          ["explain", "--model", CommandFixture.model, "--adapter", adapter] + words
            + [CommandFixture.image(1)])
      }
      let map = try CommandFixture.json(try explain("--json"), as: [String: Any].self)
      let labels = ["exudates", "normal"]
      let predicted = try #require(map["text"] as? String)
      #expect(labels.contains(predicted))
      #expect(map["against"] as? [String] == labels.filter { $0 != predicted })
      #expect(try #require(map["score"] as? Double) >= 0)
      let other = try #require(labels.first { $0 != predicted })
      let rival = try CommandFixture.json(
        try explain("--json", "--label", other), as: [String: Any].self)
      let sum = try #require(rival["score"] as? Double) + #require(map["score"] as? Double)
      #expect(abs(sum) < 1e-4)
      let image = out + method + ".png"
      let drawn = try explain("--label", other, "--out", image)
      #expect(drawn.code == 0 && FileManager.default.fileExists(atPath: image), "\(drawn.errors)")
      #expect(try explain("--json", "--label", "none").errors.contains("no class 'none'"))
    }
    let refused = try KeepfitBinary.run(
      "explain", "--model", CommandFixture.model, "--adapter", "x", "--text", "y", "--json",
      CommandFixture.image(1))
    #expect(refused.code == 2 && refused.errors.contains("--text has no effect with --adapter"))
    let missing = try KeepfitBinary.run(
      "explain", "--model", CommandFixture.model, "--json", CommandFixture.image(1))
    #expect(missing.code == 2 && missing.errors.contains("--text T is missing"))
  }
}
