#if DICOM
  import Foundation
  import KeepFIT

  extension FuzzTarget {
    /// The golden DICOM files: each transfer syntax and photometric interpretation.
    static func dicomSeeds(tests: URL) throws -> [[UInt8]] {
      let goldens = tests.appending(path: "MMRetinalDataTests/Goldens/dicom.json")
      let table = try JSONValue(parsing: Array(Data(contentsOf: goldens)))
      return try (table["cases"]?.elements ?? []).compactMap { value in
        // Files of several frames are refused unless one is chosen.
        guard case .integer(1)? = value["frames"],
          let data = value["file"]?.text.flatMap({ Data(base64Encoded: $0) })
        else { return nil }
        return try Inflate.bytes([UInt8](data)[...], limit: 1 << 20)
      }
    }
  }
#endif
