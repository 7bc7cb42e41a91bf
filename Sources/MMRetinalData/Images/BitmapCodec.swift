import Foundation

/// Windows and OS/2 bitmaps (BMP, DIB with file header): 1, 4, 8, 16, 24 and 32 bits, uncompressed, with bit masks,
/// or run-length encoded.
struct BitmapCodec {
  private let bytes: [UInt8]
  private let name: String
  private let options: DecodingOptions

  private var width = 0
  private var height = 0
  private var isTopDown = false
  private var bits = 0
  private var compression = 0
  private var pixelStart = 0
  /// Three bytes a color, red first.
  private var palette: [UInt8] = []
  /// Of red, green, blue and alpha.
  private var masks: [UInt32] = []

  static func decode(
    _ data: Data, name: String, options: DecodingOptions
  ) throws(ImageError) -> StoredImage {
    var codec = BitmapCodec(bytes: [UInt8](data), name: name, options: options)
    try codec.readHeader(data)
    return codec.bits <= 8 ? try codec.indexed() : try codec.color()
  }

  private init(bytes: [UInt8], name: String, options: DecodingOptions) {
    self.bytes = bytes
    self.name = name
    self.options = options
  }

  private func damaged(_ reason: String) -> ImageError {
    .damaged(name: name, format: .bmp, reason: reason)
  }

  private func unsupported(_ reason: String) -> ImageError {
    .unsupported(name: name, format: .bmp, reason: reason)
  }

  private func truncated() -> ImageError {
    .truncated(
      name: name, format: .bmp, reason: "\(bytes.count) bytes for \(width) x \(height) pixels")
  }

  /// A little-endian number of 2 or 4 bytes.
  private func number(_ at: Int, _ size: Int) throws(ImageError) -> Int {
    guard at >= 0, at + size <= bytes.count else {
      throw .truncated(
        name: name, format: .bmp, reason: "the header ends after \(bytes.count) bytes")
    }
    return (0..<size).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
  }

  private func signed(_ at: Int) throws(ImageError) -> Int {
    Int(Int32(truncatingIfNeeded: try number(at, 4)))
  }

  // MARK: - Header

  private mutating func readHeader(_ data: Data) throws(ImageError) {
    pixelStart = try number(10, 4)
    let size = try number(14, 4)
    let colorBytes: Int
    var planes: Int
    if size == 12 {
      (width, height) = (try number(18, 2), try number(20, 2))
      (planes, bits) = (try number(22, 2), try number(24, 2))
      colorBytes = 3
    } else {
      guard (40...256).contains(size) else { throw unsupported("a header of \(size) bytes") }
      (width, height) = (try signed(18), try signed(22))
      (planes, bits) = (try number(26, 2), try number(28, 2))
      compression = try number(30, 4)
      isTopDown = height < 0
      height = abs(height)
      colorBytes = 4
    }
    guard planes == 1 else { throw damaged("it has \(planes) color planes, expected 1") }
    guard [1, 4, 8, 16, 24, 32].contains(bits) else { throw unsupported("\(bits) bits per pixel") }
    try checkCompression()
    let rowBytes = (abs(width) * bits + 31) / 32 * 4
    try ImageFile.check(
      width: width, height: height, bytes: 0, ratio: 1, data: data, name: name, format: .bmp,
      options: options)
    if compression == 0 || compression == 3, !options.toleratesTruncation,
      pixelStart + rowBytes * height > bytes.count
    {
      // The padding of the last row may be missing.
      let needed = pixelStart + rowBytes * (height - 1) + (width * bits + 7) / 8
      if needed > bytes.count { throw truncated() }
    }
    if bits <= 8 {
      let stated = size == 12 ? 0 : try number(46, 4)
      try readPalette(
        at: 14 + size, count: stated == 0 ? 1 << bits : min(stated, 256), colorBytes: colorBytes)
    } else {
      try readMasks(headerSize: size)
    }
  }

  private func checkCompression() throws(ImageError) {
    switch (compression, bits) {
    case (0, _), (1, 8), (2, 4), (3, 16), (3, 32), (6, 16), (6, 32): return
    case (4, _): throw unsupported("it contains a JPEG")
    case (5, _): throw unsupported("it contains a PNG")
    default: throw unsupported("compression \(compression) with \(bits) bits per pixel")
    }
  }

  private mutating func readPalette(
    at start: Int, count: Int, colorBytes: Int
  ) throws(ImageError) {
    palette = [UInt8](repeating: 0, count: 768)
    // A table that is shorter than stated ends where the pixels begin.
    let room = pixelStart > start ? (pixelStart - start) / colorBytes : count
    for index in 0..<min(count, room, 256) {
      let at = start + index * colorBytes
      guard at + 3 <= bytes.count else { throw truncated() }
      for channel in 0..<3 { palette[index * 3 + channel] = bytes[at + 2 - channel] }
    }
  }

  private mutating func readMasks(headerSize: Int) throws(ImageError) {
    switch (compression, bits) {
    case (0, 16): masks = [0x7C00, 0x03E0, 0x001F, 0]
    case (0, _): masks = [0xFF0000, 0xFF00, 0xFF, 0]
    default:
      masks = [0, 0, 0, 0]
      let hasAlpha = headerSize >= 56 || compression == 6
      for channel in 0..<(hasAlpha ? 4 : 3) {
        masks[channel] = UInt32(try number(54 + 4 * channel, 4))
      }
      for mask in masks where mask != 0 {
        let shifted = mask >> UInt32(mask.trailingZeroBitCount)
        guard shifted & (shifted &+ 1) == 0 else { throw damaged("the bit masks have gaps") }
      }
      guard masks.prefix(3).allSatisfy({ $0 != 0 }) else { throw damaged("a bit mask is empty") }
    }
  }

  // MARK: - Pixels

  /// The row of the image that row `index` of the file holds.
  private func row(_ index: Int) -> Int { isTopDown ? index : height - 1 - index }

  private func indexed() throws(ImageError) -> StoredImage {
    let indices = compression == 0 ? plainIndices() : try encodedIndices()
    // A palette of grays in order is a gray image.
    let isGray =
      bits == 8
      && (0..<256).allSatisfy { index in
        (0..<3).allSatisfy { palette[index * 3 + $0] == UInt8(index) }
      }
    return StoredImage(
      width: width, height: height, kind: isGray ? .gray : .palette, largest: 255,
      samples: .bytes(indices), palette: isGray ? [] : palette)
  }

  private func plainIndices() -> [UInt8] {
    let stride = (width * bits + 31) / 32 * 4
    let mask = UInt8((1 << bits) - 1)
    var indices = [UInt8](repeating: 0, count: width * height)
    for line in 0..<height {
      let (start, target) = (pixelStart + line * stride, row(line) * width)
      for x in 0..<width {
        let at = start + x * bits / 8
        guard at < bytes.count else { return indices }
        indices[target + x] = bytes[at] >> UInt8(8 - bits - x * bits % 8) & mask
      }
    }
    return indices
  }

  /// Run lengths: pairs of a count and a byte; a count of 0 ends a row or the image, moves, or begins a literal run.
  private func encodedIndices() throws(ImageError) -> [UInt8] {
    var indices = [UInt8](repeating: 0, count: width * height)
    var (x, line, at) = (0, 0, pixelStart)
    func put(_ value: UInt8) {
      if x < width, line < height { indices[row(line) * width + x] = value }
      x += 1
    }
    while line < height {
      guard at + 2 <= bytes.count else {
        if options.toleratesTruncation { return indices }
        throw truncated()
      }
      let (count, value) = (Int(bytes[at]), bytes[at + 1])
      at += 2
      switch (count, value) {
      case (0, 0): (x, line) = (0, line + 1)
      case (0, 1): return indices
      case (0, 2):
        guard at + 2 <= bytes.count else { throw truncated() }
        (x, line) = (x + Int(bytes[at]), line + Int(bytes[at + 1]))
        at += 2
      case (0, let length):
        let size = bits == 8 ? Int(length) : (Int(length) + 1) / 2
        guard at + size <= bytes.count else { throw truncated() }
        for index in 0..<Int(length) {
          let byte = bytes[at + (bits == 8 ? index : index / 2)]
          put(bits == 8 ? byte : index % 2 == 0 ? byte >> 4 : byte & 15)
        }
        at += size + size % 2
      default:
        for index in 0..<count {
          put(bits == 8 ? value : index % 2 == 0 ? value >> 4 : value & 15)
        }
      }
    }
    return indices
  }

  private func color() throws(ImageError) -> StoredImage {
    let hasAlpha = masks[3] != 0
    let channels = hasAlpha ? 4 : 3
    let stride = (width * bits + 31) / 32 * 4
    let size = bits / 8
    var samples = [UInt8](repeating: 0, count: width * height * channels)
    for line in 0..<height {
      let (start, target) = (pixelStart + line * stride, row(line) * width * channels)
      for x in 0..<width {
        let at = start + x * size
        guard at + size <= bytes.count else { break }
        let pixel = (0..<size).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
        for channel in 0..<channels {
          samples[target + x * channels + channel] = Self.byte(pixel, masks[channel])
        }
      }
    }
    return StoredImage(
      width: width, height: height, kind: hasAlpha ? .rgbAlpha : .rgb, largest: 255,
      samples: .bytes(samples))
  }

  /// The bits of a mask as 0 to 255.
  private static func byte(_ pixel: UInt32, _ mask: UInt32) -> UInt8 {
    let shift = UInt32(mask.trailingZeroBitCount)
    let largest = mask >> shift
    let value = (pixel & mask) >> shift
    return largest == 255 ? UInt8(value) : UInt8(UInt64(value) * 255 / UInt64(largest))
  }
}
