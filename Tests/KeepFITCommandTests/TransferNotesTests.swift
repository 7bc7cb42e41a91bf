import Foundation
import KeepFIT
import Testing

/// What `transfer` says of names, keys, and images that occur twice.
@Suite struct TransferNotesTests {
  private let folder = CommandFixture.folder.path

  private func write(_ text: String, _ name: String) throws -> String {
    let path = CommandFixture.fresh(name)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func transfer(_ experiment: String, _ words: String...) throws -> KeepfitBinary.Result {
    try KeepfitBinary.run(
      [
        "transfer", "--model", CommandFixture.model, "--experiment", experiment, "--images-root",
        folder,
      ] + words)
  }

  private func rows(_ label: (Int) -> String) -> String {
    "image,label\n" + (0..<12).map { "p\($0).png,\(label($0))\n" }.joined()
  }

  @Test func aJSONExperimentNamesItsClasses() throws {
    let manifest = try write(rows { "\($0 % 2)" }, "grades.csv")
    func experiment(_ names: String) throws -> String {
      try write(
        #"{"name": "grades", "manifest": "\#(manifest)", "targets": {"0": 0, "1": 1}\#(names)}"#,
        "grades.json")
    }
    let bare = try transfer(try experiment(""), "--method", "zero-shot")
    #expect(bare.code == 2 && bare.errors.contains("'0' is not a name"), "\(bare.errors)")
    let named = try transfer(
      try experiment(#", "names": {"0": "normal", "1": "hard exudates"}"#), "--method",
      "zero-shot")
    #expect(named.code == 0, "\(named.errors)")
  }

  @Test func probesOfNumbersAreRefused() throws {
    let manifest = try write(rows { "\($0 % 2)" }, "numbers.csv")
    let result = try KeepfitBinary.run(
      "pretrain", "--model", CommandFixture.model, "--public", folder + "/rows.csv",
      "--objective", "flair", "--probe", manifest, "--probe-root", folder, "--max-steps", "1",
      "--batch-size", "2", "--image-size", "32", "--out", CommandFixture.fresh("numbers-run"))
    #expect(result.code == 2 && result.errors.contains("'0' is not a name"), "\(result.errors)")
  }

  @Test func trainingImagesInAnExternalTestSetAreCounted() throws {
    let external = try write(
      "image,label\n"
        + (0..<6).map { "\(folder)/p\($0).png,\($0 % 2 == 1 ? "exudates" : "normal")\n" }
        .joined(), "external.csv")
    let result = try transfer(
      folder + "/rows.csv", "--method", "linear-probe", "--folds", "1", "--shots-train", "80%",
      "--external", external)
    #expect(result.code == 0, "\(result.errors)")
    #expect(
      result.errors.contains("are also training or validation images (same content)"),
      "\(result.errors)")
  }

  @Test func aManifestInTheHomeDirectoryIsLookedForThere() throws {
    let file = try write(#"{"name": "x", "manifest": "~/no-such-manifest.csv"}"#, "tilde.json")
    let result = try transfer(file, "--method", "linear-probe")
    #expect(result.code == 2 && !result.errors.contains(folder + "/~"), "\(result.errors)")
    #expect(result.errors.contains("no-such-manifest.csv"))
  }

  @Test func keysOfPublishedFiguresAreKnown() throws {
    let file = try write(
      #"{"source": "x", "figures": [{"method": "zero-shot", "metrc": "aca", "value": 1}]}"#,
      "figures.json")
    let result = try transfer(folder + "/rows.csv", "--method", "zero-shot", "--reference", file)
    #expect(
      result.code == 2 && result.errors.contains("unknown key 'metrc'; did you mean 'metric'?"),
      "\(result.errors)")
  }

  @Test func tenProblemsAreShownAndTheRestCounted() throws {
    let manifest = try write(
      "image,label\n" + (0..<500).map { "missing\($0).png,normal\n" }.joined(), "missing.csv")
    let result = try KeepfitBinary.run("data", "validate", manifest, "--root", folder)
    #expect(result.code == 2)
    let lines = result.output.split(separator: "\n")
    #expect(lines.count < 16 && lines.contains { $0.contains("490") }, "\(result.output)")
  }
}
