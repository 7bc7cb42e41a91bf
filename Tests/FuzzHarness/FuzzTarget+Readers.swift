import Foundation
import KeepFIT

extension FuzzTarget {
  /// Every reader of the package that takes bytes from outside.
  ///
  /// - Parameter goldens: the directory `Tests` of the package, whose golden files are the seeds.
  public static func all(tests: URL) throws -> [FuzzTarget] {
    try checkpoints(tests: tests) + texts(tests: tests) + images(tests: tests) + requests()
  }

  private static func files(_ directory: URL, suffix: String, below limit: Int = 20_000) throws
    -> [[UInt8]]
  {
    try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
      .filter { $0.lastPathComponent.hasSuffix(suffix) }
      .sorted { $0.path < $1.path }
      .map { Array(try Data(contentsOf: $0)) }
      .filter { !$0.isEmpty && $0.count < limit }
  }

  /// Reads every tensor of a checkpoint.
  @Sendable private static func use(_ bytes: [UInt8], _ name: String) throws {
    let state = try StateDictionary(MappedFile(bytes: bytes, name: name))
    var budget = 4 * bytes.count + (1 << 20)
    for tensor in state.tensors {
      // One tensor is never larger than the file; a thousand views of one storage may be.
      budget -= tensor.byteCount
      if budget < 0 { break }
      _ = tensor.tensor().scalars.count
      if !tensor.elementType.isFloatingPoint { _ = try tensor.integers() }
    }
    _ = state.normalized().names.count
  }

  static func checkpoints(tests: URL) throws -> [FuzzTarget] {
    let golden = tests.appending(path: "FundusModelsTests/Goldens/checkpoints")
    let files = try FileManager.default.contentsOfDirectory(
      at: golden, includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "pth" && !$0.lastPathComponent.hasPrefix("refused") }
      .sorted { $0.path < $1.path }
    let contents = try files.map { Array(try Data(contentsOf: $0)) }
    let zip = contents.filter { $0.starts(with: [0x50, 0x4B]) }
    let legacy = contents.filter { $0.first == 0x80 }
    let safetensors = try Self.files(
      tests.appending(path: "FundusTensorTests/Goldens"), suffix: "types.safetensors")
    let opcodes = [
      "\u{80}\u{2}", "(", ".", "0", "1", "2", "}", "]", ")", "t", "u", "s", "e", "a", "R", "b",
      "Q", "q\u{1}", "h\u{1}", "\u{85}", "\u{86}", "\u{87}", "\u{81}", "\u{93}", "\u{94}",
      "ccollections\nOrderedDict\n", "ctorch._utils\n_rebuild_tensor_v2\n", "ctorch\nSize\n",
      "ctorch\nFloatStorage\n", "cos\nsystem\n", "X\u{4}\u{0}\u{0}\u{0}name",
      "\u{8A}\u{8}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{7F}", "J\u{FF}\u{FF}\u{FF}\u{FF}",
      "N", "\u{88}", "PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}", "PK\u{6}\u{6}",
      "PK\u{6}\u{7}", "\u{1}\u{0}\u{10}\u{0}",
    ]
    return [
      FuzzTarget(
        "safetensors", seeds: safetensors,
        words: [
          "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"F32\"", "\"BF16\"", "[", "]", "{", "}",
          ",", ":", "__metadata__", "\\u", "\"", "[0,0]", "[1,1,1]", "null",
        ]
      ) { try use($0, "case.safetensors") },
      FuzzTarget("pytorch-zip", seeds: zip, words: opcodes) { try use($0, "case.pth") },
      FuzzTarget("pytorch-legacy", seeds: legacy, words: opcodes) { try use($0, "case.pth") },
    ]
  }

  static func texts(tests: URL) throws -> [FuzzTarget] {
    let vocabulary = Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nretina\n##l\n##e\né\n.\n".utf8)
    let json = Array(
      #"{"a": [1, 2.5e3, -0, "x\n\u00e9\ud83d\ude00"], "b": {"c": null, "d": true}}"#.utf8)
    let knowledge = Array(
      #"{"glaucoma": ["optic nerve abnormalities", "large cup"], "normal": ["healthy"]}"#.utf8)
    let calibration = Array(
      (#"{"format": 1, "model": "ab", "float_blocks": 0, "agreement": {"least": 1, "mean": 1}, "#
        + #""ranges": {"images": 2, "blocks": [[1, 2.5], [0.5, 3]]}}"#).utf8)
    return [
      FuzzTarget("calibration", seeds: [calibration], words: ["[", "{", "1e99", "-1", "\"", ","]) {
        _ = try VisionCalibration(json: $0, name: "case.json").ranges.isUsable
      },
      FuzzTarget("vocabulary", seeds: [vocabulary], words: ["[PAD]", "##", "\r\n", "\u{0}", "é"]) {
        let tokenizer = try WordPieceTokenizer(
          vocabulary: Vocabulary(bytes: $0, source: "case.txt"), source: "case.txt")
        _ = tokenizer.encode(["Retinale é ééé [CLS] x.", ""], maximumLength: 16)
      },
      FuzzTarget("json", seeds: [json], words: ["[", "{", "\\u", "\"", "1e", "-", "é"]) {
        _ = try JSONValue(parsing: $0).serialized(pretty: true)
      },
      FuzzTarget("knowledge", seeds: [knowledge], words: ["[", "{", "\\u", "\"", ","]) {
        _ = try Knowledge(json: $0, name: "case.json").compactJSON
      },
    ]
  }

  /// Recomputes the checksums of a PNG file's chunks as far as their lengths make sense.
  @Sendable private static func mendChunks(_ bytes: inout [UInt8]) {
    var place = 8
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - place - 12 else { return }
      let end = place + 8 + length
      let checksum = CyclicRedundancy.checksum(Array(bytes[place + 4..<end]))
      for index in 0..<4 {
        bytes[end + index] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * UInt32(index)))
      }
      place = end + 4
    }
  }

  static func images(tests: URL) throws -> [FuzzTarget] {
    // The golden files of the decoders, one of each kind that Pillow writes.
    let goldens = tests.appending(path: "MMRetinalDataTests/Goldens/images.json")
    let table = try JSONValue(parsing: Array(Data(contentsOf: goldens)))
    var seeds: [ImageFormat: [[UInt8]]] = [:]
    for value in table["cases"]?.elements ?? [] {
      guard let data = value["file"]?.text.flatMap({ Data(base64Encoded: $0) }),
        let format = ImageFormat(firstBytes: data)
      else { continue }
      seeds[format, default: []].append(Array(data))
    }
    #if DICOM
      seeds[.dicom] = try dicomSeeds(tests: tests)
    #endif
    seeds[.netpbm, default: []].append(Array("P2\n# a comment\n3 2\n15\n0 1 2 3 4 15\n".utf8))
    var options = DecodingOptions()
    options.pixelLimit = 1 << 20
    let limited = options
    options.toleratesTruncation = true
    options.appliesOrientation = true
    let tolerant = options
    let decode: @Sendable ([UInt8]) throws -> Void = { bytes in
      _ = try? FundusImage(decoding: Data(bytes), name: "case", options: tolerant)
      _ = try FundusImage(decoding: Data(bytes), name: "case", options: limited)
    }
    let words: [ImageFormat: [String]] = [
      .png: ["IHDR", "IDAT", "IEND", "PLTE", "tRNS"],
      .jpeg: ["\u{FF}\u{D8}", "\u{FF}\u{C0}", "\u{FF}\u{DA}", "Exif", "Adobe"],
      .netpbm: ["P3", "P5", " ", "#"],
      .dicom: [
        "DICM", "OW", "SQ", "UN", "\u{FE}\u{FF}\u{0}\u{E0}", "\u{FE}\u{FF}\u{DD}\u{E0}",
        "\u{FF}\u{FF}\u{FF}\u{FF}", "\u{28}\u{0}\u{10}\u{0}US\u{2}\u{0}", "\u{E0}\u{7F}\u{10}\u{0}",
        "\u{FF}\u{C3}", "\u{FF}\u{C1}", "\u{FF}\u{4F}\u{FF}\u{51}", "\u{FF}\u{F7}",
      ],
    ]
    var targets: [FuzzTarget] = []
    for format in ImageFormat.allCases {
      guard let files = seeds[format] else { continue }
      targets.append(
        FuzzTarget(
          format.description.lowercased(), seeds: files, words: words[format] ?? [],
          repair: { if format == .png { mendChunks(&$0) } }, read: decode))
    }
    return targets
  }
}
