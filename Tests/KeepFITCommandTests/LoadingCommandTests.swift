import Foundation
import FundusTensor
import KeepFIT
import Testing

@Suite struct LoadingCommandTests {
  /// A folder with a few JPEG files much larger than they are used.
  private func photographs() throws -> String {
    let folder = CommandFixture.fresh("photographs")
    _ = try LoaderBenchmark.writeImages(
      count: 2, width: 900, height: 600, to: URL(fileURLWithPath: folder))
    return folder
  }

  @Test func benchLoaderReadsFilesOfAnySize() throws {
    let words = [
      "bench", "loader", "--images", try photographs(), "--size", "64", "--batch-size", "2",
      "--seconds", "0.2", "--json",
    ]
    for more in [[], ["--reduce-jpeg"]] {
      let result = try KeepfitBinary.run(words + more)
      let figures = try CommandFixture.json(result, as: [String: Any].self)
      #expect((figures["samples_per_second"] as? Double ?? 0) > 0)
      #expect(figures["threads"] != nil)
    }
    let empty = CommandFixture.fresh("empty")
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    let none = try KeepfitBinary.run("bench", "loader", "--images", empty)
    #expect(none.code == 2)
    #expect(none.errors.contains("no images"))
  }

  @Test func benchStepTrains() throws {
    let result = try KeepfitBinary.run(
      "bench", "step", "--model", CommandFixture.model, "--size", "64", "--batch-size", "2",
      "--length", "8", "--repeats", "1", "--json")
    let figures = try CommandFixture.json(result, as: [String: Any].self)
    #expect((figures["milliseconds_per_step"] as? Double ?? 0) > 0)
    #expect((figures["peak_bytes"] as? Int ?? 0) > 0)
    let long = try KeepfitBinary.run(
      "bench", "step", "--model", CommandFixture.model, "--length", "2")
    #expect(long.code == 2)
  }

  /// The embedding hardly moves, and the option says when it cannot serve.
  @Test func reducedDecodingChangesLittle() throws {
    let folder = try photographs()
    let image = folder + "/" + (try FileManager.default.contentsOfDirectory(atPath: folder)[0])
    func embedding(_ words: String...) throws -> [Float] {
      let out = CommandFixture.fresh("e.safetensors")
      let result = try KeepfitBinary.run(
        ["embed", "--model", CommandFixture.model, "--out", out, image] + words)
      #expect(result.code == 0, "\(result.errors)")
      return try SafetensorsFile(contentsOf: URL(fileURLWithPath: out))
        .tensor(named: "image_embeddings").scalars
    }
    let whole = try embedding("--preprocessing", "flair")
    let reduced = try embedding("--preprocessing", "flair", "--reduce-jpeg")
    #expect(whole != reduced)
    #expect(zip(whole, reduced).reduce(0) { $0 + $1.0 * $1.1 } > 0.999)
    let refused = try KeepfitBinary.run(
      "embed", "--model", CommandFixture.model, "--out", CommandFixture.fresh("n.safetensors"),
      "--preprocessing", "published", "--reduce-jpeg", image)
    #expect(refused.code == 2)
    #expect(refused.errors.contains("--reduce-jpeg") && refused.errors.contains("flair"))
  }
}
