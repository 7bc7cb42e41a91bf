import Foundation
import KeepFIT
import Testing

/// `keepfit reports init`, `reports train` and `reports loss`: what they write and what they refuse.
@Suite struct ReportTrainingCommandTests {
  @Test func initCountsWordsWithoutImages() throws {
    let folder = CommandFixture.fresh("words")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let report =
      #"{"Image_path": ["nowhere/1.png", "nowhere/2.png"], "En_Report": "Late leakage."}"#
    let rare = #"{"Image_path": [], "En_Report": "Rare rare."}"#
    try Data(
      #"{"train": {"a": \#(report), "b": \#(report), "c": \#(report), "d": \#(rare)}, "val": {"e": \#(rare)}}"#
        .utf8
    ).write(to: URL(filePath: folder + "/annotation.json"))
    let out = folder + "/model"
    let result = try KeepfitBinary.run(
      "reports", "init", "--vision", "none", "--ffa-ir", folder + "/annotation.json", "--out", out)
    #expect(result.code == 0, "\(result.errors)")
    #expect(
      try String(contentsOfFile: out + "/vocabulary.txt", encoding: .utf8)
        == ".\n<unk>\nlate\nleakage\n")
    let file = try SafetensorsFile(contentsOf: URL(filePath: out + "/model.safetensors"))
    #expect(file.names.count == 454)
    #expect(file.shape(of: "encoder_decoder.logit.weight") == [5, 512])
    let again = try KeepfitBinary.run(
      "reports", "init", "--vision", "none", "--ffa-ir", folder + "/annotation.json", "--out", out)
    #expect(again.code == 2 && again.errors.contains("--force"), "\(again.errors)")
    try? FileManager.default.removeItem(atPath: out)
  }

  @Test func theSmallPresetAndAnImageTextModelGiveTheArchitecture() throws {
    let folder = CommandFixture.fresh("presets")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func make(_ name: String, _ vision: String, _ more: [String]) throws -> (URL, Int) {
      let out = folder + "/" + name
      let result = try KeepfitBinary.run(
        try ["reports", "init", "--vision", vision, "--out", out]
          + ReportTrainingFixture.words("--ffa-ir ROOT/annotation.json --threshold 1") + more)
      #expect(result.code == 0, "\(result.errors)")
      return (
        URL(filePath: out), try ReportGenerator.load(URL(filePath: out)).configuration.imageSize
      )
    }
    let (small, size) = try make("small", "none", ["--preset", "small"])
    #expect(size == 128)
    let weights = try SafetensorsFile(contentsOf: small.appending(path: "model.safetensors"))
    #expect(weights.shape(of: "visual_extractor.model.0.weight") == [32, 3, 7, 7])
    // The tiny image-text model has a ResNet-18 of width 16, which its directory tells.
    let (own, _) = try make("own", CommandFixture.model, ["--preset", "small"])
    let taken = try SafetensorsFile(contentsOf: own.appending(path: "model.safetensors"))
    #expect(taken.shape(of: "visual_extractor.model.0.weight") == [16, 3, 7, 7])
  }

  @Test func aTextMetricSelectsTheBestCheckpoint() throws {
    let run = CommandFixture.fresh("monitored")
    defer { try? FileManager.default.removeItem(atPath: run) }
    let result = try ReportTrainingFixture.train(run, "--epochs 2 --monitor ROUGE_L")
    #expect(result.code == 0, "\(result.errors)")
    let measured = try ReportTrainingFixture.metrics(run).compactMap {
      $0["validation"] as? [String: Any]
    }
    #expect(measured.count == 2)
    for values in measured {
      for name in ["loss"] + CaptionMetric.allCases.map(\.rawValue) where name != "CIDER" {
        #expect(values[name] is Double, "\(name)")
      }
    }
    #expect(FileManager.default.fileExists(atPath: run + "/checkpoints/best/model.safetensors"))
  }

  @Test func aRunIsLoggedSavedAndResumed() throws {
    let run = CommandFixture.fresh("reports")
    let options = "--expert ROOT/expert.csv --expert-root ROOT --no-shuffle"
    let whole = try ReportTrainingFixture.train(run, options + " --max-steps 4 --monitor loss")
    #expect(whole.code == 0, "\(whole.errors)")
    #expect(whole.output == run + "/checkpoints/step-000000004\n")
    let lines = try ReportTrainingFixture.metrics(run).filter { $0["loss"] != nil }
    #expect(lines.compactMap { $0["step"] as? Int } == [1, 2, 3, 4])
    for name in ["loss", "grad_norm", "lr", "lr_visual"] {
      #expect(lines.allSatisfy { $0[name] is Double }, "\(name)")
    }
    #expect(try ReportTrainingFixture.metrics(run).contains { $0["validation"] != nil })
    let page = try String(contentsOfFile: run + "/report.html", encoding: .utf8)
    #expect(page.contains("Report training") && page.contains("3 training cases with 6 images"))

    let part = CommandFixture.fresh("reports")
    #expect(
      try ReportTrainingFixture.train(part, options + " --max-steps 2 --monitor loss").code == 0)
    let refused = try KeepfitBinary.run(
      ReportTrainingFixture.words("reports train --resume --out \(part) --lr 0.5"))
    #expect(refused.code == 2 && refused.errors.contains("--lr was"), "\(refused.errors)")
    let rest = try KeepfitBinary.run(
      ReportTrainingFixture.words("reports train --resume --out \(part) --max-steps 4"))
    #expect(rest.code == 0, "\(rest.errors)")
    for name in ["model", "optimizer"] {
      let path = "/checkpoints/step-000000004/\(name).safetensors"
      #expect(
        FileManager.default.contentsEqual(atPath: run + path, andPath: part + path), "\(name)")
    }
  }

  @Test(arguments: [
    ("--patience 3", "--patience"), ("--epochs 2 --max-steps 3", "--epochs"),
    ("--no-augment --no-flip", "--no-flip"), ("--expert-root ROOT", "--expert-root"),
    ("--dropout 1", "--dropout"),
    ("--sync-batch-norm --freeze-batch-norm", "--sync-batch-norm"),
    ("--freeze vision --lr-visual 1e-5", "--lr-visual"), ("--freeze text", "--freeze"),
    ("--freeze vision --recompute", "--recompute"), ("--resume-lr 1e-5", "--resume-lr"),
    ("--ema-decay 1", "--ema-decay"),
    ("--monitor F1", "--monitor"),
    ("--expert ROOT/model/config.json --expert-root ROOT", "config.json"),
    ("--expert ROOT/expert.csv --expert-root ROOT/FFA", "figure1.png"),
  ]) func whatCannotBeIsRefusedBeforeAnythingIsWritten(options: String, name: String) throws {
    let run = CommandFixture.fresh("refused")
    let result = try ReportTrainingFixture.train(run, options)
    #expect(result.code == 2 && result.errors.contains(name), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: run))
  }

  @Test(arguments: [
    ("--ffa-ir ROOT/annotation.json --ffa-ir-root ROOT/nowhere --model ROOT/model", "nowhere"),
    ("--ffa-ir ROOT/annotation.json --ffa-ir-root ROOT/FFA --model ROOT/model", "5 more images"),
    ("--ffa-ir ROOT/expert.csv --ffa-ir-root ROOT --model ROOT/model", "expert.csv"),
    ("--ffa-ir ROOT/annotation.json --ffa-ir-root ROOT --model ROOT", "config.json"),
    ("--ffa-ir ROOT/annotation.json --ffa-ir-root ROOT", "--model"),
    ("--model ROOT/model", "--ffa-ir"),
  ]) func wrongInputsAreNamed(options: String, name: String) throws {
    let run = CommandFixture.fresh("wrong")
    let result = try KeepfitBinary.run(
      ReportTrainingFixture.words("reports train --out \(run) --max-steps 1 " + options))
    #expect(result.code == 2 && result.errors.contains(name), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: run))
  }

  @Test func missingImagesAreLeftOutWhenAskedFor() throws {
    let root = try ReportTrainingFixture.data.get()
    let text = try String(
      contentsOf: root.appending(path: "annotation.json"), encoding: .utf8)
    let file = CommandFixture.fresh("missing.json")
    try Data(text.replacingOccurrences(of: "FFAIR/0a.png", with: "FFAIR/none.png").utf8)
      .write(to: URL(filePath: file))
    let run = CommandFixture.fresh("skipped")
    let options = "--max-steps 1 --on-bad-image skip"
    let result = try KeepfitBinary.run(
      ReportTrainingFixture.words(
        "reports train --model ROOT/model --ffa-ir \(file) --ffa-ir-root ROOT --out \(run) "
          + "--batch-size 2 " + options))
    #expect(result.code == 0, "\(result.errors)")
    let skipped = try String(contentsOfFile: run + "/skipped.json", encoding: .utf8)
    #expect(skipped.contains("FFAIR/none.png"))
  }

  @Test func theLossIsThatOfAllRows() throws {
    let root = try ReportTrainingFixture.data.get()
    let rows = [
      #"{"id": 1, "images": ["FFAIR/0a.png", "FFAIR/0b.png"], "text": "Late leakage.", "split": "train"}"#,
      #"{"id": "b", "images": ["FFAIR/1a.png"], "text": "The disc is unknown.", "split": "test"}"#,
    ]
    let file = CommandFixture.fresh("rows.jsonl")
    try Data((rows.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: file))
    func loss(_ batch: Int) throws -> [String: Any] {
      let result = try KeepfitBinary.run(
        ReportTrainingFixture.words(
          "reports loss --model ROOT/model --manifest \(file) --root ROOT --json --batch-size \(batch)"
        ))
      return try CommandFixture.json(result, as: [String: Any].self)
    }
    let (one, two) = (try loss(1), try loss(2))
    #expect(one["tokens"] as? Int == 4 + 6 && two["tokens"] as? Int == 10)
    let (a, b) = (try #require(one["loss"] as? Double), try #require(two["loss"] as? Double))
    #expect(a > 0 && abs(a - b) <= 1e-6)
    for (broken, message) in [
      (rows[0] + "\n" + rows[0], "occurs twice"), ("", "empty"),
      (rows[0].replacingOccurrences(of: "0a.png", with: "zz.png"), "zz.png"),
      (rows[0].replacingOccurrences(of: "train", with: "dev2"), "unknown split"),
      (rows[0].replacingOccurrences(of: "Late leakage.", with: ""), "empty report"),
    ] {
      try Data(broken.utf8).write(to: URL(filePath: file))
      let result = try KeepfitBinary.run(
        ReportTrainingFixture.words(
          "reports loss --model ROOT/model --manifest \(file) --root ROOT --json"))
      #expect(result.code == 2 && result.errors.contains(message), "\(result.errors)")
      #expect(result.errors.split(separator: "\n").count == 1)
    }
    _ = root
  }
}
