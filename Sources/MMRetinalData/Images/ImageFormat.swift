/// The supported formats.
public enum ImageFormat: String, Sendable, CustomStringConvertible, CaseIterable {
  /// Baseline and progressive JPEG, 8 bits.
  case jpeg = "JPEG"
  /// Portable Network Graphics.
  case png = "PNG"
  /// Tagged Image File Format, classic and big.
  case tiff = "TIFF"
  /// PBM, PGM and PPM, in text (P1, P2, P3) and binary form (P4, P5, P6).
  case netpbm = "PNM"
  /// Windows and OS/2 bitmaps, also run-length encoded.
  case bmp = "BMP"
  /// DICOM images, in builds with the trait `DICOM`.
  case dicom = "DICOM"

  /// The names of what can be read, for messages.
  static var names: String {
    #if DICOM
      "JPEG, PNG, TIFF, BMP, PPM/PGM or DICOM"
    #else
      "JPEG, PNG, TIFF, BMP or PPM/PGM"
    #endif
  }

  /// The number of first bytes that tell all formats: up to the mark of a DICOM file.
  static let headLength = 132

  /// The usual name.
  public var description: String { rawValue }

  /// The format according to the first bytes.
  public init?(firstBytes bytes: some Sequence<UInt8>) {
    #if DICOM
      // First, since the preamble of a DICOM file may be the header of a TIFF file.
      if DICOMSignature.matches(Array(bytes.prefix(Self.headLength))) {
        self = .dicom
        return
      }
    #endif
    let head = Array(bytes.prefix(18))
    let signatures: [([UInt8], ImageFormat)] = [
      ([0xFF, 0xD8, 0xFF], .jpeg),
      ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png),
      ([0x49, 0x49, 0x2A, 0], .tiff), ([0x4D, 0x4D, 0, 0x2A], .tiff),
      ([0x49, 0x49, 0x2B, 0], .tiff), ([0x4D, 0x4D, 0, 0x2B], .tiff),
    ]
    for (signature, format) in signatures where head.starts(with: signature) {
      self = format
      return
    }
    // Text may begin with "BM" as well; the size of the header follows at byte 14.
    if head.starts(with: [0x42, 0x4D]), head.count == 18, head[15...17].allSatisfy({ $0 == 0 }),
      [12, 16, 40, 52, 56, 64, 108, 124].contains(head[14])
    {
      self = .bmp
      return
    }
    // "P", a digit, and a separator.
    guard head.count >= 3, head[0] == 0x50, (0x31...0x36).contains(head[1]),
      head[2] == 0x23 || Netpbm.isSpace(head[2])
    else { return nil }
    self = .netpbm
  }
}
