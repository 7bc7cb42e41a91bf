import Foundation
import KeepFIT
import Testing

/// `classify` and `embed` on lists with bad files, on odd models, and on a terminal.
@Suite struct InferenceCommandTests {
  private static let bad: String = {
    let path = CommandFixture.fresh("bad.jpg")
    _ = FileManager.default.createFile(atPath: path, contents: Data("no image".utf8))
    return path
  }()

  private func classify(_ words: String...) throws -> KeepfitBinary.Result {
    try KeepfitBinary.run(
      ["classify", "--model", CommandFixture.model, "--labels", "normal;exudates"] + words)
  }

  @Test func aBadImageDoesNotCostTheOthers() throws {
    let files = [CommandFixture.image(0), Self.bad, CommandFixture.image(1)]
    // All that comes before it is printed; a JSON list stays JSON.
    let failed = try classify("--json", files[0], files[1], files[2])
    #expect(failed.code == 2 && failed.errors.contains("bad.jpg"))
    let before =
      try JSONSerialization.jsonObject(with: Data(failed.output.utf8)) as? [[String: Any]]
    #expect(before?.compactMap { $0["image"] as? String } == [files[0]])

    let skipped = try classify("--json", "--on-bad-image", "skip", files[0], files[1], files[2])
    #expect(skipped.code == 1)
    #expect(skipped.errors.contains("warning: skipped: \(Self.bad)"))
    #expect(skipped.errors.contains("error: 1 of 3 images could not be used and was skipped"))
    let list = try #require(
      try JSONSerialization.jsonObject(with: Data(skipped.output.utf8)) as? [[String: Any]])
    #expect(list.compactMap { $0["image"] as? String } == [files[0], files[2]])
    // The same numbers as without the bad one.
    let alone = try classify("--json", files[0], files[2])
    #expect(alone.code == 0 && alone.output == skipped.output)
  }

  @Test func embedSkipsAndSaysSo() throws {
    let out = CommandFixture.fresh("skipped.safetensors")
    let result = try KeepfitBinary.run(
      "embed", "--model", CommandFixture.model, "--out", out, "--on-bad-image", "skip",
      CommandFixture.image(0), Self.bad, CommandFixture.image(1))
    #expect(result.code == 1 && result.errors.contains(Self.bad))
    let file = try SafetensorsFile(contentsOf: URL(fileURLWithPath: out))
    #expect(file.shape(of: "image_embeddings")?[0] == 2)
    #expect(file.metadata["skipped_images"]?.contains("bad.jpg") == true)
    #expect(file.metadata["image_sources"]?.contains("bad.jpg") == false)
    let none = try KeepfitBinary.run(
      "embed", "--model", CommandFixture.model, "--out", out + "2.npy", "--on-bad-image", "skip",
      Self.bad)
    #expect(none.code == 1 && none.errors.contains("none of the images can be used"))
    #expect(!FileManager.default.fileExists(atPath: out + "2.npy"))
  }

  @Test func embedWritesWhatTheSuffixSays() throws {
    func embed(_ name: String, _ words: String...) throws -> (KeepfitBinary.Result, URL) {
      let out = CommandFixture.fresh(name)
      let result = try KeepfitBinary.run(
        ["embed", "--model", CommandFixture.model, "--out", out] + words)
      return (result, URL(fileURLWithPath: out))
    }
    let images = [CommandFixture.image(0), CommandFixture.image(1)]
    let (first, tensors) = try embed("e.safetensors", images[0], images[1])
    #expect(first.code == 0)
    let expected = try SafetensorsFile(contentsOf: tensors).tensor(named: "image_embeddings")

    let (second, npy) = try embed("e.npy", images[0], images[1])
    #expect(second.code == 0)
    let bytes = [UInt8](try Data(contentsOf: npy))
    #expect(Array(bytes.prefix(8)) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
    let header = Int(bytes[8]) + 256 * Int(bytes[9])
    #expect((10 + header) % 64 == 0)
    let text = String(decoding: bytes[10..<10 + header], as: UTF8.self)
    #expect(text.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 64), }"))
    let values = bytes[(10 + header)...].withUnsafeBytes {
      Array($0.bindMemory(to: Float.self))
    }
    #expect(values == expected.scalars)

    let (third, csv) = try embed("e.csv", images[0], images[1])
    #expect(third.code == 0)
    let lines = try String(contentsOf: csv, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 3 && lines[0].hasPrefix("kind,source,e0,e1,"))
    #expect(lines[1].hasPrefix("image,\(images[0]),"))
    #expect(
      lines[2].split(separator: ",").dropFirst(2).compactMap { Float($0) } == Array(values[64...]))

    let (other, _) = try embed("e.parquet", images[0])
    #expect(other.code == 2 && other.errors.contains(".safetensors, .npy, .csv"))
    let (missing, _) = try embed("no/such/folder/e.npy", images[0])
    #expect(missing.code == 2 && missing.errors.contains("there is no directory"))
  }

  @Test(arguments: [
    (["classify", "--labels", "normal;normal"], "contains 'normal' twice"),
    (["classify", "--labels", "Normal;normal"], "once as 'Normal'"),
    (["classify", "--labels", "a;b", "--calibration", "x.json"], "--calibration has no effect"),
    (
      ["classify", "--adapter", "x", "--prompt", "a [CLS]"], "--prompt has no effect with --adapter"
    ),
    (["classify", "--adapter", "x", "--knowledge", "builtin"], "--knowledge has no effect"),
    (["embed", "--out", "x.npy", "--texts", "t", "--images", "i"], "holds one array"),
    (["embed", "--out", "x.npy", "--texts", "t", "--size", "64"], "--size has no effect"),
    (["search", "--index", "i", "--text", "t", "--size", "64"], "--size has no effect"),
  ])
  func optionsWithoutEffectAreRefused(words: [String], expected: String) throws {
    let file = words[0] == "classify" ? [CommandFixture.image(0)] : []
    let result = try KeepfitBinary.run(words + ["--model", CommandFixture.model] + file)
    #expect(result.code == 2 && result.errors.contains(expected), "\(result.errors)")
  }

  @Test func aWeightThatIsNotFiniteIsNamed() throws {
    let copy = URL(fileURLWithPath: CommandFixture.fresh("nan-model"))
    try FileManager.default.copyItem(at: URL(fileURLWithPath: CommandFixture.model), to: copy)
    let weights = copy.appending(path: "model.safetensors")
    let file = try SafetensorsFile(contentsOf: weights)
    let name = "vision_model.model.layer1.0.conv1.weight"
    let entries = try file.names.map { key in
      var tensor = try file.tensor(named: key)
      if key == name {
        var values = tensor.scalars
        values[7] = .nan
        tensor = Tensor(values, shape: tensor.shape)
      }
      return (key, tensor)
    }
    try Safetensors.write(entries, metadata: file.metadata, to: weights, force: true)
    for command in ["classify", "embed", "explain"] {
      let more =
        switch command {
        case "classify": ["--labels", "a;b"]
        case "embed": ["--out", CommandFixture.fresh("n.npy")]
        default: ["--text", "a", "--out", CommandFixture.fresh("n.png")]
        }
      let result = try KeepfitBinary.run(
        [command, "--model", copy.path] + more + [CommandFixture.image(0)])
      #expect(result.code == 2, "\(command)")
      #expect(result.errors.contains("'\(name)' holds nan at element 7"), "\(result.errors)")
    }
  }

  @Test func aBlackImageHasFiniteScores() throws {
    let path = CommandFixture.fresh("black.png")
    try FundusImage(width: 40, height: 40, pixels: [UInt8](repeating: 0, count: 4800))
      .writePNG(to: URL(fileURLWithPath: path))
    let result = try classify("--json", path)
    let list = try CommandFixture.json(result, as: [[String: Any]].self)
    let values = try #require(list[0]["probabilities"] as? [Double])
    #expect(values.allSatisfy(\.isFinite) && abs(values.reduce(0, +) - 1) < 1e-6)
  }

  @Test func anIgnoredOrientationIsSaid() throws {
    let plain = CommandFixture.fresh("plain.jpg")
    try FundusImage(contentsOf: URL(fileURLWithPath: CommandFixture.image(1)))
      .writeJPEG(to: URL(fileURLWithPath: plain))
    // An Exif segment with one entry, orientation 6 (turned right), after the start of the image.
    let tiff: [UInt8] =
      Array("MM\0*".utf8) + [
        0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
      ]
    let exif = Array("Exif\0\0".utf8) + tiff
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: plain)))
    bytes.insert(contentsOf: [0xFF, 0xE1, 0, UInt8(exif.count + 2)] + exif, at: 2)
    let turned = CommandFixture.fresh("turned.jpg")
    try Data(bytes).write(to: URL(fileURLWithPath: turned))

    let ignored = try classify("--json", turned)
    #expect(
      ignored.code == 0 && ignored.errors.contains("--exif-orientation apply rotates"),
      "\(ignored.errors)")
    let upright = try classify("--json", "--exif-orientation", "apply", turned)
    #expect(upright.code == 0 && !upright.errors.contains("orientation"), "\(upright.errors)")
    func values(_ result: KeepfitBinary.Result) throws -> [Double]? {
      try CommandFixture.json(result, as: [[String: Any]].self)[0]["probabilities"] as? [Double]
    }
    #expect(try values(ignored) == values(classify("--json", plain)))
    #expect(try values(ignored) != values(upright))
  }

  /// What a terminal shows of the bytes that were written to it.
  private func screen(_ text: String) -> [String] {
    var lines: [[Character]] = [[]]
    var column = 0
    for character in text {
      switch character {
      case "\r\n", "\n":
        lines.append([])
        column = 0
      case "\r": column = 0
      default:
        while lines[lines.count - 1].count <= column { lines[lines.count - 1].append(" ") }
        lines[lines.count - 1][column] = character
        column += 1
      }
    }
    return lines.map { String($0).trimmingCharacters(in: .whitespaces) }
  }

  @Test func resultsAndProgressDoNotShareALine() throws {
    let words =
      [
        KeepfitBinary.url.path, "classify", "--model", CommandFixture.model, "--labels", "a;b",
        "--batch-size", "1",
      ] + (0..<12).map(CommandFixture.image)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "script", "-qec", words.map { "'\($0)'" }.joined(separator: " "), "/dev/null",
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let shown = screen(String(decoding: bytes, as: UTF8.self))
    #expect(shown.filter { $0.hasSuffix(".png") }.count == 12)
    let expected = (0..<12).map(CommandFixture.image)
    #expect(shown.filter { $0.hasSuffix(".png") } == expected)
    #expect(shown.allSatisfy { !$0.contains("Classifying") }, "\(shown)")
  }
}

/// What a model does with texts that nobody would expect is said.
@Suite struct TextWarningTests {
  @Test func cutTextsAreCounted() throws {
    let list = CommandFixture.fresh("texts.txt")
    let long = Array(repeating: "macula", count: 400).joined(separator: " ")
    try Data("retina\n\(long)\n".utf8).write(to: URL(fileURLWithPath: list))
    let result = try KeepfitBinary.run(
      "embed", "--model", CommandFixture.model, "--texts", list, "--quiet", "--out",
      CommandFixture.fresh("cut.npy"))
    #expect(result.code == 0)
    #expect(result.errors.contains("1 of 2 texts has more than 128 tokens"), "\(result.errors)")
    let labels = try KeepfitBinary.run(
      "classify", "--model", CommandFixture.model, "--labels", "a;\(long)", "--quiet",
      CommandFixture.image(0))
    #expect(labels.errors.contains("1 of 2 texts has more than 128 tokens"), "\(labels.errors)")
  }

  @Test func aTextThatFitsExactlyIsNotCut() throws {
    let model = try KeepFITModel(preset: .tiny)
    let fits = Array(repeating: "macula", count: 126).joined(separator: " ")
    #expect(model.tokenize([fits]).length == 128)
    #expect(model.truncatedTexts([fits, fits + " macula", "retina"]) == [1])
  }

  @Test func aCollapsedTextEncoderIsToldFromAWorkingOne() throws {
    let model = try KeepFITModel(preset: .tiny)
    let embeddings = model.labelEmbeddings(["normal", "glaucoma", "macular hole"])
    #expect(!KeepFITModel.areAllAlike(embeddings))
    #expect(!KeepFITModel.areAllAlike(embeddings.sliced(0..<1)))
    let alike = Tensor.concatenated([embeddings.sliced(0..<1), embeddings.sliced(0..<1)])
    #expect(KeepFITModel.areAllAlike(alike))
  }
}
