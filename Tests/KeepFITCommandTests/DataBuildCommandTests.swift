import Foundation
import KeepFIT
import Testing

@Suite struct DataBuildCommandTests {
  /// A folder of figures and a file of captions.
  private func atlas() throws -> (images: String, captions: String) {
    let images = CommandFixture.fresh("atlas")
    try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
    for (index, name) in ["figure1-1A.png", "figure1-1B.png", "figure1-2.png"].enumerated() {
      try FileManager.default.copyItem(
        atPath: CommandFixture.image(index), toPath: images + "/" + name)
    }
    let captions = CommandFixture.fresh("captions.txt")
    let text = "Fig. 1-1 Eyes. A. Right eye. B. Left eye.\nFig. 1-2 Drusen\nFig. 7-7 Nothing\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: captions))
    return (images, captions)
  }

  @Test func aBookBecomesAManifest() throws {
    let (images, captions) = try atlas()
    let out = CommandFixture.fresh("manifests")
    let words = [
      "data", "build", "--images", images, "--captions", captions, "--modality", "CFP", "--out",
      out, "--json",
    ]
    let built = try KeepfitBinary.run(words)
    let remarks = try CommandFixture.json(built, as: [[String: Any]].self)
    #expect(remarks.contains { $0["subject"] as? String == "7-7" })
    let files = try FileManager.default.contentsOfDirectory(atPath: out)
    #expect(files.count == 1 && files[0].hasSuffix("CFP.csv"))
    let file = out + "/" + files[0]
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.contains("Eyes. Left eye.") && text.contains("Drusen"))
    // What was built is what training reads.
    let root = URL(fileURLWithPath: images).deletingLastPathComponent().path
    let checked = try KeepfitBinary.run("data", "validate", "--manifest", file, "--root", root)
    #expect(checked.code == 0, "\(checked.output)")
    let again = try KeepfitBinary.run(words)
    #expect(again.code == 2)
    #expect(again.errors.contains("--force"))
    #expect(try KeepfitBinary.run(words + ["--force"]).code == 0)
  }

  @Test func buildRefusals() throws {
    let (images, captions) = try atlas()
    func refusal(_ words: String...) throws -> String {
      let result = try KeepfitBinary.run(["data", "build"] + words)
      #expect(result.code == 2, "\(words)")
      #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
      return result.errors
    }
    let out = CommandFixture.fresh("none")
    #expect(
      try refusal("--images", images + "-gone", "--captions", captions, "--out", out)
        .contains("-gone"))
    #expect(
      try refusal("--images", images, "--captions", captions + "-gone", "--out", out)
        .contains("-gone"))
    #expect(
      try refusal(
        "--images", images, "--captions", captions, "--modality", "XRAY", "--out", out
      ).contains("XRAY"))
    #expect(try refusal("--images", images, "--out", out).contains("--captions"))
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test func statsWriteTablesAndFigures() throws {
    let (images, captions) = try atlas()
    let out = CommandFixture.fresh("built")
    let built = try KeepfitBinary.run(
      "data", "build", "--images", images, "--captions", captions, "--modality", "CFP", "--out", out
    )
    #expect(built.code == 0, "\(built.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: out)
    let file = out + "/" + (try #require(names.first))
    let root = URL(fileURLWithPath: images).deletingLastPathComponent().path
    let folder = CommandFixture.fresh("statistics")
    let words = ["data", "stats", "--manifest", file, "--root", root, "--out", folder]
    let result = try KeepfitBinary.run(words)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains(","))
    let written = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(written.contains { $0.hasSuffix(".csv") } && written.contains { $0.hasSuffix(".svg") })
    let again = try KeepfitBinary.run(words)
    #expect(again.code == 2)
    #expect(again.errors.contains("--force"))
  }
}
