import Foundation
import KeepFIT
import Testing

/// Options of `keepfit reports train` and what they leave in a run.
@Suite struct ReportTrainingOptionTests {
  @Test func rowsOfOtherSplitsAreNotTrainedOn() throws {
    let table = CommandFixture.fresh("split.csv")
    defer { try? FileManager.default.removeItem(atPath: table) }
    func write(_ first: String) throws {
      try Data(
        ",image,atributes,categories,split\n0,FFA/figure1.png,[],['No leakage.'],\(first)\n1,FFA/nowhere.png,[],['Late staining.'],test\n"
          .utf8
      ).write(to: URL(filePath: table))
    }
    let run = CommandFixture.fresh("split")
    defer { try? FileManager.default.removeItem(atPath: run) }
    let options = "--expert \(table) --expert-root ROOT --max-steps 1"
    try write("train")
    let result = try ReportTrainingFixture.train(run, options)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.errors.contains("1 captioned image of 1 row of --expert, alternating: 12"))
    #expect(result.errors.contains("1 row of --expert is marked val or test"))
    try write("val")
    let empty = try ReportTrainingFixture.train(run, options + " --force")
    #expect(empty.code == 2 && empty.errors.contains("no row is marked train"), "\(empty.errors)")
    try write("other")
    let unknown = try ReportTrainingFixture.train(run, options + " --force")
    #expect(unknown.code == 2 && unknown.errors.contains("'split' is 'other'"))
  }

  @Test func imagesAreDecodedAsTheModelSays() throws {
    let run = CommandFixture.fresh("decoding")
    defer { try? FileManager.default.removeItem(atPath: run) }
    #expect(
      try ReportTrainingFixture.train(run, "--max-steps 1 --gray16 scale --exif-orientation apply")
        .code == 0)
    let checkpoint = run + "/checkpoints/step-000000001"
    let configuration = try ReportGenerator.load(URL(filePath: checkpoint)).configuration
    #expect(configuration.appliesOrientation && configuration.deepGray == .scaled)
    let refused = try KeepfitBinary.run(
      ReportTrainingFixture.words("reports train --resume --out \(run) --max-steps 2 --gray16 clip")
    )
    #expect(refused.code == 2 && refused.errors.contains("--gray16 was"), "\(refused.errors)")
    let rest = try KeepfitBinary.run(
      ReportTrainingFixture.words("reports train --resume --out \(run) --max-steps 2"))
    #expect(rest.code == 0, "\(rest.errors)")

    // 16-bit gray that is not clipped has another loss, and no warning.
    let image = CommandFixture.fresh("gray.pgm")
    var bytes = Array("P5 40 40 65535\n".utf8)
    for index in 0..<1600 { bytes += [UInt8(index / 40 * 6), UInt8(index % 40)] }
    try Data(bytes).write(to: URL(filePath: image))
    let rows = CommandFixture.fresh("gray.jsonl")
    let name = URL(filePath: image).lastPathComponent
    try Data(#"{"id": 1, "images": ["\#(name)"], "text": "Late leakage.", "split": "test"}"#.utf8)
      .write(to: URL(filePath: rows))
    func loss(_ options: String) throws -> KeepfitBinary.Result {
      try KeepfitBinary.run(
        ReportTrainingFixture.words(
          "reports loss --json --manifest \(rows) --root \(URL(filePath: image).deletingLastPathComponent().path) "
            + options))
    }
    let own = try loss("--model \(checkpoint)")
    let clipped = try loss("--model \(checkpoint) --gray16 clip")
    #expect(own.code == 0 && !own.errors.contains("16-bit"), "\(own.errors)")
    #expect(clipped.code == 0 && clipped.errors.contains("16-bit"), "\(clipped.errors)")
    #expect(own.output != clipped.output)
  }

  @Test func averagedWeightsAreSavedAndResumed() throws {
    let (run, part) = (CommandFixture.fresh("ema"), CommandFixture.fresh("ema"))
    defer { for name in [run, part] { try? FileManager.default.removeItem(atPath: name) } }
    let options = "--ema-decay 0.9 --monitor loss --max-steps "
    #expect(try ReportTrainingFixture.train(run, options + "4").code == 0)
    let best = try FileManager.default.destinationOfSymbolicLink(
      atPath: run + "/checkpoints/best")
    #expect(best.hasSuffix("/ema"))
    #expect(throws: Never.self) {
      try ReportGenerator.load(URL(filePath: run + "/checkpoints/best"))
    }
    #expect(try ReportTrainingFixture.train(part, options + "2").code == 0)
    let rest = try KeepfitBinary.run(
      ReportTrainingFixture.words("reports train --resume --out \(part) --max-steps 4"))
    #expect(rest.code == 0, "\(rest.errors)")
    for name in ["model", "optimizer", "ema/model"] {
      let path = "/checkpoints/step-000000004/\(name).safetensors"
      #expect(
        FileManager.default.contentsEqual(atPath: run + path, andPath: part + path), "\(name)")
    }
    #expect(
      !FileManager.default.contentsEqual(
        atPath: run + "/checkpoints/step-000000004/model.safetensors",
        andPath: run + "/checkpoints/step-000000004/ema/model.safetensors"))
  }

  @Test func aFrozenImageEncoderStaysAsItIs() throws {
    let run = CommandFixture.fresh("frozen")
    defer { try? FileManager.default.removeItem(atPath: run) }
    #expect(try ReportTrainingFixture.train(run, "--freeze vision --max-steps 2").code == 0)
    let before = try SafetensorsFile(
      contentsOf: ReportTrainingFixture.data.get().appending(path: "model/model.safetensors"))
    let after = try SafetensorsFile(
      contentsOf: URL(filePath: run + "/checkpoints/step-000000002/model.safetensors"))
    for name in before.names where !name.hasSuffix(".pe") {
      let isSame = try before.tensor(named: name).scalars == after.tensor(named: name).scalars
      #expect(isSame == name.hasPrefix("visual_extractor."), "\(name)")
    }
    let resumed = try KeepfitBinary.run(
      ReportTrainingFixture.words(
        "reports train --resume --out \(run) --max-steps 3 --resume-lr 0.01"))
    #expect(resumed.code == 0 && resumed.errors.contains("--lr was"), "\(resumed.errors)")
    #expect(try ReportTrainingFixture.metrics(run).last?["lr"] as? Double == 0.01)
  }

  @Test func aDamagedConfigurationOfTheImageEncoderIsAnError() throws {
    let folder = CommandFixture.fresh("damaged")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.copyItem(atPath: CommandFixture.model, toPath: folder)
    try Data("{".utf8).write(to: URL(filePath: folder + "/config.json"))
    let result = try KeepfitBinary.run(
      ReportTrainingFixture.words(
        "reports init --vision \(folder) --ffa-ir ROOT/annotation.json --out \(folder)/out"))
    #expect(result.code == 2 && result.errors.contains("config.json"), "\(result.errors)")
    // The directory of a report model tells its architecture too.
    let other = try KeepfitBinary.run(
      ReportTrainingFixture.words(
        "reports init --vision ROOT/model --ffa-ir ROOT/annotation.json --out \(folder)/other"))
    #expect(other.code == 0, "\(other.errors)")
  }
}
