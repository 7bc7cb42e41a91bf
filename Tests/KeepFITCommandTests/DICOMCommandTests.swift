#if DICOM
  import Foundation
  import KeepFIT
  import Testing

  /// Commands on DICOM files.
  @Suite struct DICOMCommandTests {
    /// A folder with a photograph and a volume of three frames, of the golden files.
    private static let folder: URL = {
      let folder = URL(fileURLWithPath: CommandFixture.fresh("exports"))
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let goldens = URL(filePath: #filePath).deletingLastPathComponent()
          .deletingLastPathComponent().appending(path: "MMRetinalDataTests/Goldens/dicom.json")
        let table = try JSONValue(parsing: Array(Data(contentsOf: goldens)))
        for value in table["cases"]?.elements ?? [] {
          guard let name = value["name"]?.text, ["rgb", "frames"].contains(name),
            let data = value["file"]?.text.flatMap({ Data(base64Encoded: $0) })
          else { continue }
          let file = try Inflate.bytes([UInt8](data)[...], limit: 1 << 20)
          try Data(file).write(
            to: folder.appending(path: name == "rgb" ? "photograph" : "volume.dcm"))
        }
      } catch {
        fatalError("the files cannot be made: \(error)")
      }
      return folder
    }()

    private func classify(_ words: [String]) throws -> KeepfitBinary.Result {
      try KeepfitBinary.run(
        ["classify", "--model", CommandFixture.model, "--labels", "normal;exudates"] + words)
    }

    @Test func framesAreImagesOfTheirOwn() throws {
      let refused = try classify([Self.folder.path])
      #expect(refused.code == 2 && refused.errors.contains("--frame all"), "\(refused.errors)")
      let out = CommandFixture.fresh("p.csv")
      let result = try classify(["--frame", "all", "--out", out, Self.folder.path])
      #expect(result.code == 0, "\(result.errors)")
      let text = try String(contentsOfFile: out, encoding: .utf8)
      let rows = CSVReader().records(of: Array(text.utf8)).records.map(\.fields)
      #expect(rows[0].suffix(4) == ["laterality", "modality", "pixel_spacing_mm", "quality"])
      #expect(rows.count == 5)
      #expect(rows[2][0].hasSuffix("volume.dcm#1") && rows[4][0].hasSuffix("volume.dcm#3"))
      for row in rows.dropFirst() {
        #expect(row.dropLast().suffix(3) == ["right", "OP", "0.0125;0.025"])
      }
      #expect(!(text + result.errors + result.output).contains("Doe"))
      let second = try CommandFixture.json(
        try classify(["--json", Self.folder.path + "/volume.dcm#2"]), as: [[String: Any]].self)
      #expect(second[0]["modality"] as? String == "OP")
      #expect(second[0]["pixel_spacing_mm"] as? [Double] == [0.0125, 0.025])
      let none = try classify(["--frame", "1", CommandFixture.image(0)])
      #expect(none.code == 0 && none.errors.contains("--frame has no effect"))
      #expect(try classify(["--frame", "0", CommandFixture.image(0)]).code == 2)
    }

    @Test func importWritesARowForEachFrame() throws {
      let source = URL(fileURLWithPath: CommandFixture.fresh("classes"))
      let files = FileManager.default
      try files.createDirectory(
        at: source.appending(path: "hole"), withIntermediateDirectories: true)
      try files.copyItem(
        at: Self.folder.appending(path: "volume.dcm"),
        to: source.appending(path: "hole/volume.dcm"))
      let out = CommandFixture.fresh("frames.csv")
      let result = try KeepfitBinary.run(
        "data", "import", source.path, "--frame", "all", "--out", out)
      #expect(result.code == 0, "\(result.errors)")
      let text = try String(contentsOfFile: out, encoding: .utf8)
      #expect((1...3).allSatisfy { text.contains("volume.dcm#\($0)") }, "\(text)")
    }

    @Test func framesAreExplainedOneByOne() throws {
      let out = CommandFixture.fresh("maps")
      let result = try KeepfitBinary.run(
        "explain", "--model", CommandFixture.model, "--text", "exudates", "--frame", "all", "--out",
        out, Self.folder.path + "/volume.dcm")
      #expect(result.code == 0, "\(result.errors)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: out).sorted()
          == ["volume-1.png", "volume-2.png", "volume-3.png"])
    }

    @Test func framesAreSearchedOneByOne() throws {
      let index = CommandFixture.fresh("frames.safetensors")
      let volume = Self.folder.path + "/volume.dcm"
      let embedded = try KeepfitBinary.run(
        "embed", "--model", CommandFixture.model, "--frame", "all", "--out", index, volume)
      #expect(embedded.code == 0, "\(embedded.errors)")
      func search(_ words: String...) throws -> KeepfitBinary.Result {
        try KeepfitBinary.run(
          ["search", "--model", CommandFixture.model, "--index", index, "-k", "1", "--json"]
            + words)
      }
      // One frame is one query, all are a list.
      let one = try CommandFixture.json(
        try search("--image", volume, "--frame", "2"), as: [[String: Any]].self)
      #expect(one.map { $0["source"] as? String } == [volume + "#2"])
      let all = try CommandFixture.json(
        try search("--image", volume, "--frame", "all"), as: [[String: Any]].self)
      #expect(all.map { $0["query"] as? String } == (1...3).map { "\(volume)#\($0)" })
      #expect(try search("--image", volume).errors.contains("--frame N or --frame all"))
      let text = try search("--text", "drusen", "--frame", "1")
      #expect(text.code == 2 && text.errors.contains("--frame has no effect with --text"))
      let plain = try search("--image", CommandFixture.image(0), "--frame", "1")
      #expect(plain.code == 0 && plain.errors.contains("--frame has no effect"))
    }

    @Test func tablesNameFrames() throws {
      let table = CommandFixture.fresh("t.csv")
      let volume = Self.folder.path + "/volume.dcm"
      try Data("image,label\n\(volume)#1,normal\n\(volume)#3,exudates\n".utf8)
        .write(to: URL(fileURLWithPath: table))
      let valid = try KeepfitBinary.run("data", "validate", table)
      #expect(valid.code == 0, "\(valid.errors) \(valid.output)")
      let out = CommandFixture.fresh("e.safetensors")
      let result = try KeepfitBinary.run(
        "embed", "--model", CommandFixture.model, "--out", out, table)
      #expect(result.code == 0, "\(result.errors)")
    }
  }
#endif
