import Foundation
import KeepFIT
import Testing

/// Runs of `keepfit pretrain`: what is refused, how they end, how they are resumed.
@Suite struct PretrainingCommandTests {
  private static let eyes = Result {
    let eyes = CommandFixture.fresh("eyes")
    let result = try KeepfitBinary.run(
      "data", "synthesize", "--out", eyes, "--size", "64", "--public-count", "12",
      "--expert-count", "8", "--test-per-class", "2", "--no-masks")
    #expect(result.code == 0, "\(result.errors)")
    return eyes
  }

  private func words(_ run: String, _ more: [String]) throws -> [String] {
    let eyes = try Self.eyes.get()
    return [
      "pretrain", "--model", CommandFixture.model, "--public", eyes + "/manifests/public.csv",
      "--public-root", eyes, "--batch-size", "4", "--image-size", "32", "--out", run,
    ] + more.map { $0.replacingOccurrences(of: "EYES", with: eyes) }
  }

  private func pretrain(_ run: String, _ more: String...) throws -> KeepfitBinary.Result {
    try KeepfitBinary.run(words(run, more))
  }

  private func checkpoints(_ run: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints").sorted()
  }

  private func object(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(filePath: path))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test(arguments: [
    ("--balance --no-shuffle", "--balance"), ("--patience 2", "--patience"),
    ("--revision-weight 3", "--revision-weight"), ("--attention-axis heads", "--attention-axis"),
    ("--probe-root EYES", "--probe-root"), ("--validation-root EYES", "--validation-root"),
    ("--expert-root EYES", "--expert-root"), ("--expert-form categories", "--expert-form"),
    ("--caption-language zh", "--caption-language"), ("--epochs 2 --max-steps 3", "--epochs"),
    ("--knowledge builtin --no-augment-descriptions", "--knowledge"),
    ("--freeze vision --sync-batch-norm", "--sync-batch-norm"), ("--resume-lr 1e-3", "--resume-lr"),
    ("--caption eye", "--caption"),
  ]) func whatHasNoEffectIsRefusedBeforeAnythingIsWritten(options: String, name: String) throws {
    let run = CommandFixture.fresh("refused")
    let result = try KeepfitBinary.run(
      words(run, ["--objective", "flair"] + options.split(separator: " ").map(String.init)))
    #expect(result.code == 2 && result.errors.contains(name), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count { $0.contains("error") } == 1)
    #expect(!FileManager.default.fileExists(atPath: run))
  }

  @Test(arguments: [
    ("--expert EYES/manifests/expert.csv --expert-root EYES", "--expert has no effect"),
    ("--schedule-epochs 2 --warmup-epochs 0", "the learning rate is zero from step"),
  ]) func whatHasLittleEffectIsSaid(options: String, text: String) throws {
    let run = CommandFixture.fresh("said")
    let result = try KeepfitBinary.run(
      words(
        run,
        ["--objective", "flair", "--max-steps", "30"]
          + options.split(separator: " ").map(String.init)))
    #expect(result.code == 0 && result.errors.contains(text), "\(result.errors)")
  }

  @Test func resumingTakesWhatMayChangeAndRefusesTheRestByName() throws {
    let run = CommandFixture.fresh("resumed")
    let flair = ["--objective", "flair"]
    #expect(try KeepfitBinary.run(words(run, flair + ["--max-steps", "2"])).code == 0)
    for (option, value) in [
      ("--lr", "0.5"), ("--objective", "mixed"), ("--batch-size", "2"), ("--seed", "7"),
      ("--model", "elsewhere"), ("--image-size", "64"), ("--gradient-clip", "3"),
      ("--preprocessing", "flair"),
    ] {
      let result = try KeepfitBinary.run("pretrain", "--resume", "--out", run, option, value)
      #expect(result.code == 2 && result.errors.contains("\(option) was"), "\(result.errors)")
    }
    // The same values, all given again, are no change.
    let same = try KeepfitBinary.run(words(run, flair + ["--max-steps", "2", "--resume"]))
    #expect(same.code == 0 && !same.errors.contains("Changed"), "\(same.errors)")
    let other = try KeepfitBinary.run(
      "pretrain", "--resume", "--out", run, "--max-steps", "4", "--resume-lr", "0.0002",
      "--loader-threads", "1", "--checkpoint-every", "1")
    #expect(other.code == 0 && other.errors.contains("--lr was 0.0001 and is now 0.0002"))
    let record = try object(run + "/config.json")
    #expect((record["history"] as? [String])?.count == 4)
    let page = try String(contentsOfFile: run + "/report.html", encoding: .utf8)
    #expect(page.contains("--lr was 0.0001 and is now 0.0002"))
  }

  @Test func resumingNeverRemovesWhatNoRunHasMade() throws {
    let folder = CommandFixture.fresh("foreign")
    try FileManager.default.copyItem(atPath: CommandFixture.model, toPath: folder)
    let before = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    for option in ["--resume", "--force"] {
      let result = try pretrain(folder, "--objective", "flair", option)
      #expect(result.code == 2, "\(result.errors)")
      let after = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(after.filter { !$0.hasPrefix(".") }.sorted() == before)
    }
  }

  /// Starts a long run and waits for its first step.
  private func start(_ run: String) throws -> Process {
    let process = Process()
    process.executableURL = KeepfitBinary.url
    process.arguments = try words(
      run, ["--objective", "flair", "--max-steps", "100000", "--schedule-epochs", "100000"])
    process.standardOutput = Pipe()
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let log = URL(filePath: run + "/metrics.jsonl")
    for _ in 0..<600 where process.isRunning {
      if let lines = try? Data(contentsOf: log), lines.contains(UInt8(ascii: "\n")) { break }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return process
  }

  @Test(arguments: [(SIGTERM, 143), (SIGINT, 130)] as [(Int32, Int32)])
  func aSignalSavesTheStepsAndIsToldByTheExitCode(number: Int32, code: Int32) throws {
    let run = CommandFixture.fresh("stopped")
    let process = try start(run)
    // A second writer is refused while the first one runs, and not any more when it has ended.
    let second = try KeepfitBinary.run("pretrain", "--resume", "--out", run)
    #expect(second.code == 1 && second.errors.contains("another process"), "\(second.errors)")
    let forced = try pretrain(run, "--objective", "flair", "--force")
    #expect(forced.code == 1 && forced.errors.contains("another process"), "\(forced.errors)")
    kill(process.processIdentifier, number)
    let output = try (process.standardOutput as? Pipe)?.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == code)
    #expect(output.isEmpty)
    #expect(try checkpoints(run).count == 2)
    let resumed = try KeepfitBinary.run(
      "pretrain", "--resume", "--out", run, "--max-steps", "1", "--quiet")
    #expect(resumed.code == 0, "\(resumed.errors)")
  }

  @Test func aKilledRunHoldsNoLock() throws {
    let run = CommandFixture.fresh("killed")
    let process = try start(run)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    let resumed = try KeepfitBinary.run(
      "pretrain", "--resume", "--out", run, "--max-steps", "3", "--quiet")
    #expect(resumed.code == 0, "\(resumed.errors)")
  }

  @Test func aBadImageKeepsTheStepsBeforeItAndCanBeSkipped() throws {
    let eyes = CommandFixture.fresh("eyes")
    try FileManager.default.copyItem(atPath: try Self.eyes.get(), toPath: eyes)
    let manifest = eyes + "/manifests/public.csv"
    let rows = try Manifest(
      contentsOf: URL(filePath: manifest), root: URL(filePath: eyes), form: .labels
    ).rows
    let bad = rows[9].image
    try Data("no image".utf8).write(to: URL(filePath: eyes + "/" + bad))
    let run = CommandFixture.fresh("bad")
    let failed = try KeepfitBinary.run([
      "pretrain", "--model", CommandFixture.model, "--public", manifest, "--public-root", eyes,
      "--objective", "flair", "--batch-size", "2", "--image-size", "32", "--no-shuffle",
      "--max-steps", "6", "--checkpoint-every", "100", "--out", run,
    ])
    #expect(failed.code == 1 && failed.errors.contains(bad), "\(failed.errors)")
    #expect(try checkpoints(run) == ["step-000000000", "step-000000004"])
    let resumed = try KeepfitBinary.run(
      "pretrain", "--resume", "--out", run, "--on-bad-image", "skip")
    #expect(resumed.code == 0 && resumed.errors.contains("1 image"), "\(resumed.errors)")
    let skipped = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(filePath: run + "/skipped.json")))
    #expect((skipped as? [[String: String]])?.map { $0["image"] } == [bad])
    // A later resumption does not forget it.
    let again = try KeepfitBinary.run("pretrain", "--resume", "--out", run, "--max-steps", "7")
    #expect(again.code == 0, "\(again.errors)")
    let page = try String(contentsOfFile: run + "/report.html", encoding: .utf8)
    #expect(page.contains("1 image was left out"))
    // An image of the validation is found before the first step.
    let validated = try KeepfitBinary.run([
      "pretrain", "--model", CommandFixture.model, "--public", manifest, "--public-root", eyes,
      "--objective", "flair", "--validation", manifest, "--validation-root", eyes, "--out",
      run + "2",
    ])
    #expect(validated.code == 2 && validated.errors.contains(bad), "\(validated.errors)")
  }

  @Test func theBestModelIsTheAveragedOneAndClassifies() throws {
    let run = CommandFixture.fresh("averaged")
    let result = try pretrain(
      run, "--objective", "flair", "--max-steps", "3", "--ema-decay", "0.9", "--probe",
      "EYES/manifests/unseen.csv", "--probe-root", "EYES")
    #expect(result.code == 0, "\(result.errors)")
    let classified = try KeepfitBinary.run(
      "classify", "--model", run + "/checkpoints/best", "--labels", "normal;drusen",
      CommandFixture.image(0))
    #expect(classified.code == 0, "\(classified.errors)")
  }

  @Test func whatIsLeftOutOrSharedIsSaid() throws {
    let eyes = try Self.eyes.get()
    let run = CommandFixture.fresh("said")
    let manifest = CommandFixture.fresh("split.csv")
    let file = eyes + "/manifests/public.csv"
    let rows = try Manifest(
      contentsOf: URL(filePath: file), root: URL(filePath: eyes), form: .labels
    )
    .rows
    let lines = rows.enumerated().map { index, row in
      "\(row.image),[],\"['\(index < 2 ? "cataract" : "Drusen" + (index < 5 ? "." : ""))']\","
        + (index == 3 ? "test" : "train")
    }
    try Data((["image,atributes,categories,split"] + lines).joined(separator: "\n").utf8)
      .write(to: URL(filePath: manifest))
    let result = try KeepfitBinary.run([
      "pretrain", "--model", CommandFixture.model, "--public", manifest, "--public-root", eyes,
      "--objective", "flair", "--batch-size", "2", "--image-size", "32", "--max-steps", "1",
      "--normalize-labels", "--validation", eyes + "/manifests/expert.csv", "--validation-root",
      eyes, "--cache", CommandFixture.fresh("cache"), "--out", run,
    ])
    #expect(result.code == 0, "\(result.errors)")
    let said = [
      "2 of \(rows.count - 1) labeled rows are left out", "cataract 2", "merged 3 labels into 2",
      "1 row is marked val or test", "image cache",
    ]
    for text in said { #expect(result.errors.contains(text), "\(text): \(result.errors)") }
    let data = try #require(try object(run + "/config.json")["data"] as? [String: Any])
    #expect(data["labeledRows"] as? Int == rows.count - 3)
    let page = try String(contentsOfFile: run + "/report.html", encoding: .utf8)
    #expect(page.contains("left out for a held-out category"))
  }

  @Test func imagesThatAreTrainedOnAndValidatedAreCounted() throws {
    let run = CommandFixture.fresh("shared")
    let result = try pretrain(
      run, "--objective", "flair", "--max-steps", "1", "--validation",
      "EYES/manifests/public.csv", "--validation-root", "EYES")
    #expect(result.code == 0, "\(result.errors)")
    #expect(
      result.errors.contains("12 images of --validation or --probe are also in the training data"))
  }
}
