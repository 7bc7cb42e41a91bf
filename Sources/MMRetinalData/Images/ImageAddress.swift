import Foundation

/// The address of an image: a file, or with the suffix `#N` the frame N of a DICOM file, as in `volume.dcm#12`.
///
/// Frames are counted from 1, as in DICOM. A file whose name ends in such a suffix is meant itself.
public struct ImageAddress: Hashable, Sendable {
  /// The file.
  public let file: URL
  /// The frame, from 1; nil if none is named.
  public let frame: Int?

  /// Takes an address apart.
  public init(_ url: URL) {
    #if DICOM
      if let (base, number) = Self.parts(of: url.path) {
        file = URL(fileURLWithPath: base)
        frame = number
        return
      }
    #endif
    file = url
    frame = nil
  }

  #if DICOM
    /// The file and the frame of a path that names one.
    private static func parts(of path: String) -> (file: String, frame: Int)? {
      guard let mark = path.lastIndex(of: "#"), !FileManager.default.fileExists(atPath: path)
      else { return nil }
      let digits = path[path.index(after: mark)...]
      let base = String(path[..<mark])
      guard (1...9).contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }),
        let number = Int(digits), FileManager.default.fileExists(atPath: base)
      else { return nil }
      return (base, number)
    }
  #endif

  /// The address of a frame of a file, as a user writes it.
  static func text(_ path: String, frame: Int) -> String { "\(path)#\(frame)" }

  /// The bytes that tell an image from others: those of its file, followed by the frame, if one is named.
  package static func contents(_ url: URL) throws -> Data {
    let address = ImageAddress(url)
    let data = try Data(contentsOf: address.file)
    return address.frame.map { data + Data("#\($0)".utf8) } ?? data
  }

  /// Whether there is such a file.
  package static func exists(_ url: URL) -> Bool {
    FileManager.default.fileExists(atPath: ImageAddress(url).file.path)
  }
}
