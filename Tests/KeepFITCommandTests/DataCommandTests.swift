import Foundation
import Testing

@Suite struct DataCommandTests {
  private let root = CommandFixture.folder.path

  private func manifest(_ rows: String) throws -> String {
    let path = CommandFixture.fresh("m.csv")
    try Data((",image,atributes,categories\n" + rows).utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func validateTellsEverythingAtOnce() throws {
    let good = try manifest("0,p0.png,[],['normal']\n1,p1.png,[],['exudates']\n")
    let fine = try KeepfitBinary.run("data", "validate", "--manifest", good, "--root", root)
    #expect(fine.code == 0, "\(fine.output)")
    let bad = try manifest("0,p0.png,[],['normal']\n1,gone.png,[],['a']\n2,p1.png,[,['b']\n")
    let result = try KeepfitBinary.run(
      "data", "validate", "--manifest", bad, "--root", root, "--json")
    #expect(result.code == 2)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let counts = try #require(object["counts"] as? [String: Int])
    #expect(counts["missing_image"] == 1)
    #expect(counts["unreadable_row"] == 1)
    #expect(result.errors.contains("keepfit: error: "))
  }

  @Test func resizeKeepsThePathsAndGoesOn() throws {
    let rows = try manifest("0,p0.png,[],['normal']\n1,p1.png,[],['exudates']\n")
    let out = CommandFixture.fresh("small")
    let words = [
      "data", "resize", "--manifest", rows, "--root", root, "--out", out, "--size", "48",
    ]
    #expect(try KeepfitBinary.run(words).code == 0)
    #expect(FileManager.default.fileExists(atPath: out + "/p1.png"))
    let again = try KeepfitBinary.run(words)
    #expect(again.code == 0)
    #expect(again.errors.contains("skipped 2 existing"))
  }

  @Test func resizeStopsAtABadImageUnlessItIsSkipped() throws {
    let bad = CommandFixture.fresh("bad.png")
    try Data("no image".utf8).write(to: URL(fileURLWithPath: bad))
    let name = (bad as NSString).lastPathComponent
    let rows = try manifest("0,\(name),[],['normal']\n1,p1.png,[],['exudates']\n")
    let out = CommandFixture.fresh("resized")
    let words = ["data", "resize", "--manifest", rows, "--root", root, "--size", "48", "--out"]
    let failed = try KeepfitBinary.run(words + [out])
    #expect(failed.code == 2 && failed.errors.contains(name), "\(failed.errors)")
    let skipped = try KeepfitBinary.run(words + [out, "--on-bad-image", "skip"])
    #expect(skipped.code == 1 && skipped.errors.contains("warning: skipped: "))
    #expect(skipped.errors.contains("1 of 2 images could not be used"), "\(skipped.errors)")
    #expect(FileManager.default.fileExists(atPath: out + "/p1.png"))
  }

  @Test func peculiarImagesAreWarnedOfEvenQuietly() throws {
    // A gray PGM of 16 bits, most of which is above 255.
    let deep = CommandFixture.fresh("deep.pgm")
    let samples = (0..<64 * 64).flatMap { index -> [UInt8] in [UInt8(index % 64 * 4), 0] }
    try (Data("P5\n64 64\n65535\n".utf8) + Data(samples)).write(to: URL(fileURLWithPath: deep))
    let words = [
      "classify", "--model", CommandFixture.model, "--labels", "a;b", "--quiet",
      "--no-quality-check",
      deep,
    ]
    let clipped = try KeepfitBinary.run(words)
    #expect(clipped.code == 0)
    #expect(clipped.errors.contains("warning: 1 image such as"), "\(clipped.errors)")
    #expect(clipped.errors.contains("--gray16 scale"))
    let scaled = try KeepfitBinary.run(words + ["--gray16", "scale"])
    #expect(scaled.errors.isEmpty && scaled.output != clipped.output)
  }

  @Test func statsPrintOneLineASet() throws {
    let rows = try manifest("0,p0.png,[],['normal']\n1,p1.png,[],['hard exudates']\n")
    let result = try KeepfitBinary.run(
      "data", "stats", "--manifest", rows, "--root", root, "--json")
    #expect(try CommandFixture.json(result, as: [[String: Any]].self).count == 1)
  }

  @Test func rootsMustFitTheManifests() throws {
    let result = try KeepfitBinary.run(
      "data", "validate", "--manifest", "a", "--manifest", "b", "--manifest", "c", "--root", "x",
      "--root", "y")
    #expect(result.code == 2)
    #expect(result.errors.contains("3 tables, 2 roots"))
  }

  @Test func drawnDataTrains() throws {
    let eyes = CommandFixture.fresh("eyes")
    let drawn = try KeepfitBinary.run(
      "data", "synthesize", "--out", eyes, "--size", "64", "--public-count", "12",
      "--expert-count", "8", "--test-per-class", "1", "--no-masks", "--json")
    #expect(drawn.code == 0, "\(drawn.errors)")
    let run = CommandFixture.fresh("run")
    let words = [
      "pretrain", "--model", CommandFixture.model, "--public", eyes + "/manifests/public.csv",
      "--public-root", eyes, "--expert", eyes + "/manifests/expert.csv", "--expert-root", eyes,
      "--out", run, "--image-size", "64", "--batch-size", "4", "--max-steps", "2",
      "--checkpoint-every", "1", "--schedule-epochs", "5",
    ]
    let first = try KeepfitBinary.run(words)
    #expect(first.code == 0, "\(first.errors)")
    #expect(first.output.contains("step-"))
    let metrics = try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8)
    #expect(metrics.split(separator: "\n").count { $0.contains("grad_norm") } == 2)
    let page = try String(contentsOfFile: run + "/report.html", encoding: .utf8)
    #expect(page.contains("Training curves") && page.contains("data:image/jpeg;base64"))
    #expect(try KeepfitBinary.run(words).code == 2)
    // One step more, from the record of the run alone.
    let more = try KeepfitBinary.run("pretrain", "--resume", "--out", run, "--max-steps", "3")
    #expect(more.code == 0, "\(more.errors)")
    #expect(more.errors.contains("Resuming from step 2 of 3"))
    let other = try KeepfitBinary.run(words + ["--resume", "--lr", "0.5"])
    #expect(other.code == 2)
    #expect(other.errors.contains("--lr was 0.0001 and is now 0.5"))
  }
}
