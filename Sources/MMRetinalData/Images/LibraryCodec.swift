import CImageCodecs
import Foundation

/// PNG and TIFF, through the C shims around libpng and libtiff.
struct LibraryCodec {
  let format: ImageFormat

  func decode(
    _ data: Data, name: String, options: DecodingOptions
  ) throws(ImageError) -> StoredImage {
    var header = ic_header()
    var message = ic_message()
    let isPNG = format == .png
    var status = data.withUnsafeBytes { raw in
      let bytes = raw.baseAddress!.assumingMemoryBound(to: UInt8.self)
      return isPNG
        ? ic_png_header(bytes, raw.count, &header, &message)
        : ic_tiff_header(bytes, raw.count, &header, &message)
    }
    try check(status, message, name: name)

    let count = Int(header.width) * Int(header.height) * Int(header.channels)
    let isWide = header.bit_depth == 16
    let byteCount = isWide ? count * 2 : count
    let packed = byteCount / (header.bit_depth < 8 ? 8 / Int(header.bit_depth) : 1)
    try ImageFile.check(
      width: Int(header.width), height: Int(header.height), bytes: packed,
      ratio: Int(header.highest_ratio), data: data, name: name, format: format, options: options)

    let tolerant: Int32 = options.toleratesTruncation ? 1 : 0
    func fill(_ target: UnsafeMutableRawPointer) -> Int32 {
      let samples = target.assumingMemoryBound(to: UInt8.self)
      samples.initialize(repeating: 0, count: byteCount)
      return data.withUnsafeBytes { raw in
        let bytes = raw.baseAddress!.assumingMemoryBound(to: UInt8.self)
        return isPNG
          ? ic_png_decode(bytes, raw.count, &header, samples, byteCount, tolerant, &message)
          : ic_tiff_decode(bytes, raw.count, &header, samples, byteCount, tolerant, &message)
      }
    }
    let samples: StoredImage.Samples
    if isWide {
      samples = .words(
        [UInt16](unsafeUninitializedCapacity: count) { buffer, initialized in
          status = fill(UnsafeMutableRawPointer(buffer.baseAddress!))
          initialized = count
        })
    } else {
      samples = .bytes(
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
          status = fill(UnsafeMutableRawPointer(buffer.baseAddress!))
          initialized = count
        })
    }
    try check(status, message, name: name)
    let kind = kind(of: header)
    return StoredImage(
      width: Int(header.width), height: Int(header.height), kind: kind,
      largest: (1 << Int(header.bit_depth)) - 1, samples: samples,
      palette: kind == .palette ? palette(of: &header) : [])
  }

  private func kind(of header: ic_header) -> StoredImage.Kind {
    switch Int(header.kind) {
    case Int(IC_GREY): .gray
    case Int(IC_GREY_ALPHA): .grayAlpha
    case Int(IC_RGB): .rgb
    case Int(IC_RGB_ALPHA): .rgbAlpha
    case Int(IC_RGB_ASSOCIATED): .rgbAssociatedAlpha
    case Int(IC_CMYK): .cmyk
    default: .palette
    }
  }

  private func palette(of header: inout ic_header) -> [UInt8] {
    withUnsafeBytes(of: &header.palette) { Array($0) }
  }

  private func check(_ status: Int32, _ message: ic_message, name: String) throws(ImageError) {
    guard Int(status) != Int(IC_OK) else { return }
    var message = message
    let text = withUnsafeBytes(of: &message.text) { raw in
      String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
    let reason =
      text.isEmpty ? "it cannot be read" : text.split(separator: "\n").joined(separator: " ")
    switch Int(status) {
    case Int(IC_TRUNCATED): throw .truncated(name: name, format: format, reason: reason)
    case Int(IC_UNSUPPORTED): throw .unsupported(name: name, format: format, reason: reason)
    default: throw .damaged(name: name, format: format, reason: reason)
    }
  }
}
