import Foundation
import Testing

@Suite struct SynthesisCommandTests {
  private let few = [
    "--size", "32", "--public-count", "5", "--expert-count", "3", "--test-per-class", "0",
  ]

  @Test func drawsAndCounts() throws {
    let out = CommandFixture.fresh("eyes")
    let words = ["data", "synthesize", "--out", out, "--format", "png", "--json"] + few
    let drawn = try CommandFixture.json(try KeepfitBinary.run(words), as: [String: Any].self)
    let images = try #require(drawn["images"] as? [String: Int])
    #expect(images.values.reduce(0, +) == 8)
    #expect(FileManager.default.fileExists(atPath: out + "/S4_EXPERT/00000.png"))
    let again = try KeepfitBinary.run(words)
    #expect(again.code == 2)
    #expect(again.errors.contains("--force"))
    #expect(try KeepfitBinary.run(words + ["--force"]).code == 0)
    let checked = try KeepfitBinary.run(
      "data", "validate", "--manifest", out + "/manifests/public.csv", "--root", out)
    #expect(checked.code == 0, "\(checked.output)")
  }

  @Test func refusesWhatItCannotDraw() throws {
    let out = CommandFixture.fresh("none")
    let noise = try KeepfitBinary.run("data", "synthesize", "--out", out, "--label-noise", "0.9")
    #expect(noise.code == 2)
    #expect(noise.errors.contains("0.9"))
    let size = try KeepfitBinary.run("data", "synthesize", "--out", out, "--size", "8")
    #expect(size.code == 2)
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test func demoKeepsWhatIsThere() throws {
    let out = CommandFixture.fresh("home")
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: out + "/thesis.txt"))
    for words in [["demo", "--out", out], ["demo", "--out", out, "--force"]] {
      let result = try KeepfitBinary.run(words)
      #expect(result.code == 2, "\(words)")
      #expect(result.errors.split(separator: "\n").count == 1)
    }
    #expect(FileManager.default.fileExists(atPath: out + "/thesis.txt"))
  }
}
