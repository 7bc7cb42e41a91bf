import Foundation
import Testing

/// What can be wrong with a user's data: one clear line and exit code 2, before an image is encoded.
@Suite struct TransferInputTests {
  private let root = CommandFixture.folder.path
  private let model = CommandFixture.model

  /// A manifest with these rows.
  private func manifest(_ rows: [(image: String, label: String)]) throws -> String {
    let path = CommandFixture.fresh("rows.csv")
    let text = "image,label\n" + rows.map { "\($0.image),\($0.label)\n" }.joined()
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// The twelve images of the fixture, with labels by their numbers.
  private func manifest(label: (Int) -> String) throws -> String {
    try manifest((0..<12).map { ("p\($0).png", label($0)) })
  }

  private func experiment(_ manifest: String, targets: [String: Int]) throws -> String {
    let path = CommandFixture.fresh("experiment.json")
    let object: [String: Any] = [
      "name": "mine", "manifest": (manifest as NSString).lastPathComponent, "targets": targets,
    ]
    try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// The only line of a refusal.
  private func refusal(_ experiment: String, _ words: String...) throws -> String {
    let result = try KeepfitBinary.run(
      ["transfer", "--model", model, "--images-root", root, "--experiment", experiment] + words)
    #expect(result.code == 2, "\(result.output)\(result.errors)")
    #expect(result.output.isEmpty)
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    return result.errors
  }

  @Test func aLabelThatIsNoTarget() throws {
    let rows = try manifest { $0 == 7 ? "glaucma" : $0 % 2 == 0 ? "normal" : "glaucoma" }
    let line = try refusal(try experiment(rows, targets: ["normal": 0, "glaucoma": 1]))
    #expect(line.contains("'glaucma'") && line.contains("row 9") && line.contains("'glaucoma'"))
  }

  @Test func aClassWithoutImages() throws {
    let rows = try manifest { $0 % 2 == 0 ? "normal" : "glaucoma" }
    let file = try experiment(rows, targets: ["normal": 0, "glaucoma": 1, "myopia": 2])
    for method in ["linear-probe", "zero-shot"] {
      #expect(try refusal(file, "--method", method).contains("'myopia' has no"))
    }
  }

  @Test func aClassWithOneImage() throws {
    let rows = try manifest { $0 == 5 ? "myopia" : $0 % 2 == 0 ? "normal" : "glaucoma" }
    #expect(
      try refusal(rows, "--method", "tip-adapter", "--shots-train", "1", "--shots-test", "1")
        .contains("'myopia' has a single image"))
    // Without training one image is enough.
    let tested = try KeepfitBinary.run(
      "transfer", "--model", model, "--images-root", root, "--experiment", rows)
    #expect(tested.code == 0, "\(tested.errors)")
  }

  @Test func anImageThatIsMissing() throws {
    let rows = try manifest(
      (0..<12).map { ("p\($0 == 3 || $0 == 4 ? $0 + 100 : $0).png", $0 % 2 == 0 ? "a" : "b") })
    let line = try refusal(rows)
    #expect(line.contains("p103.png and 1 more"))
  }

  @Test func moreShotsThanImages() throws {
    let rows = root + "/rows.csv"
    let line = try refusal(rows, "--method", "linear-probe", "--shots", "1,50")
    #expect(line.contains("50 requested") && line.contains("--allow-fewer"))
    let allowed = try KeepfitBinary.run(
      "transfer", "--model", model, "--images-root", root, "--experiment", rows, "--method",
      "linear-probe", "--shots", "50", "--folds", "1", "--allow-fewer")
    #expect(allowed.code == 0, "\(allowed.errors)")
    #expect(
      try refusal(
        rows, "--method", "linear-probe", "--shots-test", "100%", "--allow-fewer"
      ).contains("has no training image"))
  }

  @Test func nothingToTest() throws {
    for method in ["linear-probe", "zero-shot"] {
      for count in ["0", "0%"] {
        #expect(
          try refusal(root + "/rows.csv", "--method", method, "--shots-test", count)
            .contains("the split has no test images"))
      }
    }
    #expect(try refusal(try manifest([])).contains("has no rows"))
  }

  @Test func anAdapterOfAnotherModel() throws {
    let out = CommandFixture.fresh("results")
    let fitted = try KeepfitBinary.run(
      "transfer", "--model", model, "--images-root", root, "--experiment", root + "/rows.csv",
      "--method", "linear-probe", "--folds", "1", "--out", out, "--save-adapters")
    #expect(fitted.code == 0, "\(fitted.errors)")
    let other = CommandFixture.fresh("model")
    let made = try KeepfitBinary.run("init", "--preset", "tiny", "--seed", "4", "--out", other)
    #expect(made.code == 0)
    let applied = try KeepfitBinary.run(
      "classify", "--model", other, "--adapter", out + "/adapters/linear-probe-80percent/fold0",
      CommandFixture.image(0))
    #expect(applied.code == 2)
    #expect(applied.errors.split(separator: "\n").count == 1)
    #expect(applied.errors.contains("was fitted on the model"))
  }
}
