import Foundation

/// Unsupported formats that are recognized by their first bytes, with a remedy.
enum ForeignFormat {
  /// The format of the bytes and the remedy: `a HEIC photograph; convert it to JPEG…`. Nil if unknown.
  static func description(of data: Data) -> String? {
    let head = [UInt8](data.prefix(1024))
    if let container = isoContainer(head) { return container }
    for (offset, signature, text) in signatures
    where head.dropFirst(offset).starts(with: signature) { return text }
    return markup(head)
  }

  /// A description of unrecognized content by the file extension, such as `.dcm` without preamble, or of files
  /// of zeros.
  static func hint(name: String, data: Data) -> String {
    if data.prefix(4096).allSatisfy({ $0 == 0 }) { return "only zero bytes (an incomplete copy?)" }
    switch (name as NSString).pathExtension.lowercased() {
    #if !DICOM
      case "dcm", "dicom": return "unknown content (DICOM without preamble?); \(dicomRemedy)"
    #endif
    case "nef", "cr2", "cr3", "arw", "dng", "raw":
      return "a camera raw file; export it as TIFF or PNG"
    case let suffix
    where ImageFormat.fileExtensions.contains(suffix):
      return
        "unknown content despite the extension .\(suffix) (a damaged or wrongly named file?)"
    default: return "unknown content"
    }
  }

  private static let dicomRemedy =
    "build keepfit with '--traits DICOM' to read it, or convert it to PNG, for example with dcmj2pnm +on "
    + "(dcmtk) or pydicom"
  private static func convert(_ name: String, with tool: String) -> String {
    "\(name); convert it to PNG or JPEG, for example with \(tool)"
  }

  private static let signatures: [(Int, [UInt8], String)] = [
    (128, Array("DICM".utf8), "a DICOM file; \(dicomRemedy)"),
    (0, Array("GIF8".utf8), convert("a GIF image", with: "magick in.gif out.png")),
    (
      0, [0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20],
      convert("a JPEG 2000 image", with: "opj_decompress -i in.jp2 -o out.png")
    ),
    (
      0, [0xFF, 0x4F, 0xFF, 0x51],
      convert("a JPEG 2000 code stream", with: "opj_decompress -i in.j2k -o out.png")
    ),
    (
      0, [0, 0, 0, 12, 0x4A, 0x58, 0x4C, 0x20],
      convert("a JPEG XL image", with: "djxl in.jxl out.png")
    ),
    (0, [0xFF, 0x0A], convert("a JPEG XL image", with: "djxl in.jxl out.png")),
    (8, Array("WEBP".utf8), convert("a WebP image", with: "dwebp in.webp -o out.png")),
    (0, Array("%PDF".utf8), convert("a PDF document", with: "pdfimages -png in.pdf out")),
    (0, Array("8BPS".utf8), convert("a Photoshop file", with: "magick 'in.psd[0]' out.png")),
    (0, [0x1F, 0x8B], "a file compressed with gzip; unpack it first"),
    (0, [0x50, 0x4B, 3, 4], "a zip archive; unpack it first"),
    (0, Array("Rar!".utf8), "a RAR archive; unpack it first"),
    (0, [0x37, 0x7A, 0xBC, 0xAF], "a 7z archive; unpack it first"),
    (0, [0x93] + Array("NUMPY".utf8), "a NumPy array; save it as an image"),
    (0, [0x89] + Array("HDF".utf8), "an HDF5 file; export its images as PNG"),
    (
      0, Array("version https://git-lfs".utf8),
      "a Git LFS pointer, not the image; fetch it with 'git lfs pull'"
    ),
    (0, Array("FUJIFILM".utf8), "a camera raw file; export it as TIFF or PNG"),
    (0, [0x00, 0x00, 0x01, 0x00], convert("an icon", with: "magick in.ico out.png")),
  ]

  /// HEIC, AVIF, Canon raw files and videos share a container, and are distinguished by its brand.
  private static func isoContainer(_ head: [UInt8]) -> String? {
    guard head.dropFirst(4).starts(with: Array("ftyp".utf8)), head.count >= 12 else { return nil }
    switch String(decoding: head[8..<12], as: UTF8.self) {
    case "avif", "avis": return convert("an AVIF image", with: "avifdec in.avif out.png")
    case "heic", "heix", "heim", "heis", "hevc", "mif1", "msf1":
      return convert("a HEIC image", with: "heif-convert in.heic out.png")
    case "crx ": return "a camera raw file; export it as TIFF or PNG"
    default: return "a video or another file in an MP4 container; export a frame as PNG"
    }
  }

  private static func markup(_ head: [UInt8]) -> String? {
    let start = String(decoding: head, as: UTF8.self).lowercased()
      .drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") {
      return "a web page (a failed download?); download the image again"
    }
    if start.hasPrefix("<svg") || start.hasPrefix("<?xml") && start.contains("<svg") {
      return convert("an SVG drawing", with: "rsvg-convert in.svg -o out.png")
    }
    if start.hasPrefix("<?xml") { return "an XML document (a failed download?)" }
    if start.hasPrefix("{") { return "JSON text (a failed download?)" }
    return nil
  }
}
