#if DICOM
  import Foundation
  import MMRetinalData

  /// The files and samples that `Scripts/goldens/dicom.py` wrote, or `Scripts/checks/dicom_parity.py`.
  struct DICOMGoldens: Decodable {
    struct Case: Decodable {
      let name: String
      /// The file, deflated.
      let file: Data?
      let path: String?
      let rows: Int
      let columns: Int
      let frames: Int
      /// The indices of the frames that are compared; nil for all.
      let chosen: [Int]?
      let samples: String
      /// What gray looks like, 0 to 255.
      let shown: String?
      let tolerance: Int

      var data: Data {
        get throws {
          guard let file else { return try Data(contentsOf: URL(fileURLWithPath: path ?? "")) }
          return Data(try Inflate.bytes([UInt8](file)[...], limit: 1 << 20))
        }
      }
    }

    /// The name of the patient of all files.
    let patient: String?
    let cases: [Case]

    init(contentsOf url: URL) throws {
      self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: url))
    }

    static let shared = try! DICOMGoldens(
      contentsOf: Bundle.module.url(forResource: "Goldens/dicom", withExtension: "json")!)

    static func file(_ name: String) throws -> Data {
      try shared.cases.first { $0.name == name }!.data
    }

    /// The samples of Base64 text: `bytes:` or `words:` of 16 bits.
    static func samples(_ text: String) -> [Int] {
      let bytes = [UInt8](Data(base64Encoded: String(text.dropFirst(6)))!)
      guard text.hasPrefix("words:") else { return bytes.map { Int($0) } }
      return (0..<bytes.count / 2).map { index in
        Int(bytes[2 * index]) | Int(bytes[2 * index + 1]) << 8
      }
    }

    /// The samples that a file's frames are read as: stored values, or the colors of a palette.
    static func samples(of item: Case) throws -> [Int] {
      let data = try item.data
      return try (item.chosen ?? Array(0..<item.frames)).flatMap { index -> [Int] in
        var options = DecodingOptions()
        options.frame = index + 1
        let image = try StoredImage(decoding: data, name: item.name, options: options)
        guard image.kind == .gray else {
          switch image.samples {
          case .bytes(let values): return values.map { Int($0) }
          case .words(let values): return values.map { Int($0) }
          }
        }
        let frame = try DICOMFile(decoding: data, name: item.name).frame(
          index, options: options, name: item.name)
        return frame.words.map { frame.value($0) & 0xFFFF }
      }
    }
  }
#endif
