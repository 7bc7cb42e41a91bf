import Foundation
import Testing

/// What `keepfit pretrain` measures while it trains.
@Suite struct PretrainingProbeTests {
  private func pretrain(_ options: String...) throws -> (result: KeepfitBinary.Result, run: String)
  {
    let eyes = try Self.eyes.get()
    let run = CommandFixture.fresh("run")
    let result = try KeepfitBinary.run(
      [
        "pretrain", "--model", CommandFixture.model, "--public", eyes + "/manifests/public.csv",
        "--public-root", eyes, "--objective", "flair", "--batch-size", "4", "--max-steps", "2",
        "--out", run,
      ] + options.map { $0.replacingOccurrences(of: "EYES", with: eyes) })
    return (result, run)
  }

  private static let eyes = Result {
    let eyes = CommandFixture.fresh("eyes")
    let result = try KeepfitBinary.run(
      "data", "synthesize", "--out", eyes, "--size", "64", "--public-count", "12",
      "--expert-count", "8", "--test-per-class", "2")
    #expect(result.code == 0, "\(result.errors)")
    return eyes
  }

  @Test func probesAndPairsAreMeasuredAndLogged() throws {
    let (result, run) = try pretrain(
      "--probe", "EYES/manifests/unseen.csv", "--probe-root", "EYES", "--validation",
      "EYES/manifests/expert.csv", "--validation-root", "EYES", "--monitor", "zero-shot")
    #expect(result.code == 0, "\(result.errors)")
    let lines = try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8)
      .split(separator: "\n")
    let line = try #require(lines.last { $0.contains("validation") })
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let values = try #require(object["validation"] as? [String: Double])
    let accuracy = try #require(values["zero_shot_unseen"])
    #expect((0...1).contains(accuracy) && values["zero_shot"] == accuracy)
    #expect(values["mean_recall"] != nil)
    let page = try String(contentsOfFile: run + "/report.html", encoding: .utf8)
    #expect(page.contains("validation zero shot unseen"))
  }

  @Test func aModelKeepsTheSizeThatItWasTrainedAt() throws {
    let (result, run) = try pretrain("--image-size", "64")
    #expect(result.code == 0, "\(result.errors)")
    let file = URL(fileURLWithPath: run + "/checkpoints/step-000000002/config.json")
    let configuration = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
    #expect((configuration as? [String: Any])?["image_size"] as? Int == 64)
  }

  @Test func whatIsMonitoredMustBeMeasured() throws {
    let (result, _) = try pretrain("--monitor", "zero-shot")
    #expect(result.code == 2 && result.errors.contains("--probe"))
  }

  @Test func aProbeWithoutItsImagesIsRefusedBeforeTraining() throws {
    let (result, run) = try pretrain(
      "--probe", "EYES/manifests/unseen.csv", "--probe-root", CommandFixture.fresh("nowhere"))
    #expect(result.code == 2, "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: run + "/metrics.jsonl"))
  }
}
