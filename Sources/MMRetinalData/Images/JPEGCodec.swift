import CTurboJPEG
import Foundation
import FundusTensor

/// JPEG decoding with TurboJPEG: accurate integer DCT and smooth chroma upsampling, as in Pillow.
enum JPEGCodec {
  /// A handle of the library, freed with this object.
  private final class Handle {
    let pointer: tjhandle

    init(_ make: () -> tjhandle?, name: String) throws(ImageError) {
      guard let pointer = make() else {
        throw .unreadable(name: name, reason: "the JPEG library could not be initialized")
      }
      self.pointer = pointer
    }

    deinit { tjDestroy(pointer) }

    var message: String { String(cString: tjGetErrorStr2(pointer)) }
  }

  private struct Header {
    var width: Int32 = 0
    var height: Int32 = 0
    var space: Int32 = -1

    var isInk: Bool {
      space == Int32(TJCS_CMYK.rawValue) || space == Int32(TJCS_YCCK.rawValue)
    }

    func size(reduction: Int) -> (width: Int, height: Int) {
      precondition([1, 2, 4, 8].contains(reduction), "a JPEG cannot be reduced by \(reduction)")
      return ((Int(width) + reduction - 1) / reduction, (Int(height) + reduction - 1) / reduction)
    }
  }

  static func decodeRGB(
    _ data: Data, name: String, options: DecodingOptions
  ) throws(ImageError) -> FundusImage {
    let handle = try Handle(tjInitDecompress, name: name)
    let header = try readHeader(data, handle, name: name, options: options)
    if header.isInk {
      return try decodeInk(data, handle, header, name: name, options: options).rgb()
    }
    let (width, height, pixels) = try decode(
      data, handle, header, format: TJPF_RGB, channels: 3, name: name, options: options)
    return FundusImage(width: width, height: height, pixels: pixels)
  }

  static func decodeStored(
    _ data: Data, name: String, options: DecodingOptions
  ) throws(ImageError) -> StoredImage {
    let handle = try Handle(tjInitDecompress, name: name)
    let header = try readHeader(data, handle, name: name, options: options)
    switch header.space {
    case Int32(TJCS_CMYK.rawValue), Int32(TJCS_YCCK.rawValue):
      return try decodeInk(data, handle, header, name: name, options: options)
    case Int32(TJCS_GRAY.rawValue):
      let (width, height, pixels) = try decode(
        data, handle, header, format: TJPF_GRAY, channels: 1, name: name, options: options)
      return StoredImage(
        width: width, height: height, kind: .gray, largest: 255, samples: .bytes(pixels))
    default:
      let (width, height, pixels) = try decode(
        data, handle, header, format: TJPF_RGB, channels: 3, name: name, options: options)
      return StoredImage(
        width: width, height: height, kind: .rgb, largest: 255, samples: .bytes(pixels))
    }
  }

  /// CMYK is stored inverted in practice, with or without Adobe's marker.
  private static func decodeInk(
    _ data: Data, _ handle: Handle, _ header: Header, name: String, options: DecodingOptions
  ) throws(ImageError) -> StoredImage {
    var (width, height, pixels) = try decode(
      data, handle, header, format: TJPF_CMYK, channels: 4, name: name, options: options)
    for index in pixels.indices { pixels[index] = 255 - pixels[index] }
    return StoredImage(
      width: width, height: height, kind: .cmyk, largest: 255, samples: .bytes(pixels))
  }

  /// An image decoded at a reduced size.
  struct Passing {
    /// The height of the full image.
    let height: Int
    /// The width of the full image.
    let width: Int
    /// The reduction factor of the decoded image.
    let reduction: Int
    /// RGB.
    let pixels: ScratchBytes
  }

  /// Decodes RGB into scratch memory, for a reduction that depends on the size.
  /// - Returns: nil for CMYK, which ``decodeRGB(_:name:options:)`` reads.
  static func decodePassing(
    _ data: Data, name: String, options: DecodingOptions,
    reduction: (_ height: Int, _ width: Int) -> Int
  ) throws(ImageError) -> Passing? {
    let handle = try Handle(tjInitDecompress, name: name)
    let header = try readHeader(data, handle, name: name, options: options)
    if header.isInk { return nil }
    let (height, width) = (Int(header.height), Int(header.width))
    var options = options
    options.jpegReduction = reduction(height, width)
    let size = header.size(reduction: options.jpegReduction)
    let scratch = ScratchBytes(count: size.width * size.height * 3)
    let status = scratch.withUnsafeBytes {
      decompress(data, handle, header, format: TJPF_RGB, options: options, into: $0)
    }
    if status != 0 { try judge(handle, data, name: name, options: options) }
    return Passing(
      height: height, width: width, reduction: options.jpegReduction, pixels: scratch)
  }

  private static func readHeader(
    _ data: Data, _ handle: Handle, name: String, options: DecodingOptions
  ) throws(ImageError) -> Header {
    var header = Header()
    var subsampling: Int32 = -1
    let status = data.withUnsafeBytes { raw in
      tjDecompressHeader3(
        handle.pointer, raw.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt(raw.count),
        &header.width, &header.height, &subsampling, &header.space)
    }
    // Rare subsamplings have no constant in the library, but can be decoded.
    guard status == 0 || (header.width > 0 && header.height > 0 && header.space >= 0) else {
      throw failure(handle.message, name: name)
    }
    // At least one bit per 8 x 8 block, unless the file is arithmetically coded.
    let bytes = Int(header.width) * Int(header.height)
    try ImageFile.check(
      width: Int(header.width), height: Int(header.height), bytes: bytes,
      ratio: usesHuffman(data) ? 8 * 64 : 0, data: data, name: name, format: .jpeg,
      options: options)
    return header
  }

  private static func failure(_ message: String, name: String) -> ImageError {
    // The library's messages look like "tjDecompress2(): Premature end of JPEG file".
    var text = message
    if let end = text.range(of: "(): ") { text = String(text[end.upperBound...]) }
    if text.hasPrefix("Premature end") || text.contains("input file ended") {
      return .truncated(name: name, format: .jpeg, reason: text)
    }
    if text.hasPrefix("Unsupported") || text.hasPrefix("Sorry") || text.contains("not supported") {
      return .unsupported(name: name, format: .jpeg, reason: text)
    }
    return .damaged(name: name, format: .jpeg, reason: text.isEmpty ? "no image" : text)
  }

  private static func decode(
    _ data: Data, _ handle: Handle, _ header: Header, format: TJPF, channels: Int, name: String,
    options: DecodingOptions
  ) throws(ImageError) -> (width: Int, height: Int, pixels: [UInt8]) {
    let (width, height) = header.size(reduction: options.jpegReduction)
    let count = width * height * channels
    var status: Int32 = -1
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      status = decompress(data, handle, header, format: format, options: options, into: buffer)
      initialized = count
    }
    if status != 0 { try judge(handle, data, name: name, options: options) }
    return (width, height, pixels)
  }

  private static func decompress(
    _ data: Data, _ handle: Handle, _ header: Header, format: TJPF, options: DecodingOptions,
    into buffer: UnsafeMutableBufferPointer<UInt8>
  ) -> Int32 {
    let (width, height) = header.size(reduction: options.jpegReduction)
    let channels = buffer.count / (width * height)
    let status = data.withUnsafeBytes { raw in
      tjDecompress2(
        handle.pointer, raw.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt(raw.count),
        buffer.baseAddress!, Int32(width), Int32(width * channels), Int32(height),
        Int32(format.rawValue), TJFLAG_LIMITSCANS)
    }
    // After an error the library may have written only some of the rows.
    if status != 0 && tjGetErrorCode(handle.pointer) != Int32(TJERR_WARNING.rawValue) {
      buffer.update(repeating: 128)
    }
    return status
  }

  /// Warnings are ignored, as in Pillow, except that of a truncated file.
  private static func judge(
    _ handle: Handle, _ data: Data, name: String, options: DecodingOptions
  ) throws(ImageError) {
    let error = failure(handle.message, name: name)
    guard tjGetErrorCode(handle.pointer) == Int32(TJERR_WARNING.rawValue) else { throw error }
    if options.toleratesTruncation { return }
    if case .truncated = error { throw error }
    // Only the first warning is reported. A file without an end marker is truncated.
    if data.range(of: Data([0xFF, 0xD9]), options: .backwards) == nil {
      throw .truncated(name: name, format: .jpeg, reason: "the end of the image is missing")
    }
  }

  /// Whether the frame is Huffman coded: markers C9 to CB and CD to CF are arithmetic.
  private static func usesHuffman(_ data: Data) -> Bool {
    var at = data.startIndex + 2
    while at + 4 <= data.endIndex, data[at] == 0xFF {
      let marker = data[at + 1]
      if (0xC9...0xCF).contains(marker), marker != 0xCC { return false }
      if (0xC0...0xC3).contains(marker) || marker == 0xDA { return true }
      if marker == 0xFF {
        at += 1
        continue
      }
      at += 2 + (Int(data[at + 2]) << 8 | Int(data[at + 3]))
    }
    return true
  }
}
