import Foundation

/// The orientation of an image: the EXIF and TIFF tag 274.
public enum ImageOrientation: Int, Sendable, CaseIterable {
  /// Upright as stored.
  case upright = 1
  /// Mirrored horizontally.
  case mirrored
  /// Rotated by 180 degrees.
  case upsideDown
  /// Mirrored vertically.
  case flipped
  /// Transposed.
  case transposed
  /// Must be rotated clockwise by 90 degrees.
  case turnedLeft
  /// Transposed along the other diagonal.
  case transversed
  /// Must be rotated counterclockwise by 90 degrees.
  case turnedRight

  /// The orientation stated in a file; ``upright`` if none or invalid.
  init(of data: Data, format: ImageFormat) {
    let bytes = [UInt8](data.prefix(format == .tiff ? data.count : 1 << 20))
    let value: Int? =
      switch format {
      case .jpeg: ImageOrientation.inJPEG(bytes)
      case .png: ImageOrientation.inPNG(bytes)
      case .tiff: ImageOrientation.inTIFF(bytes[...])
      case .netpbm, .bmp, .dicom: nil
      }
    self = value.flatMap { ImageOrientation(rawValue: $0) } ?? .upright
  }

  /// The Exif segment of a JPEG.
  private static func inJPEG(_ bytes: [UInt8]) -> Int? {
    var at = 2
    while at + 4 <= bytes.count, bytes[at] == 0xFF {
      let marker = bytes[at + 1]
      if marker == 0xFF {
        at += 1
        continue
      }
      if marker == 0xDA || marker == 0xD9 { return nil }
      let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
      guard length >= 2, at + 2 + length <= bytes.count else { return nil }
      let body = bytes[at + 4..<at + 2 + length]
      if marker == 0xE1, body.starts(with: Array("Exif".utf8) + [0, 0]) {
        return inTIFF(body.dropFirst(6))
      }
      at += 2 + length
    }
    return nil
  }

  /// The eXIf chunk of a PNG.
  private static func inPNG(_ bytes: [UInt8]) -> Int? {
    var at = 8
    while at + 12 <= bytes.count {
      let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - at - 12 else { return nil }
      if bytes[at + 4..<at + 8].elementsEqual("eXIf".utf8) {
        return inTIFF(bytes[at + 8..<at + 8 + length])
      }
      at += 12 + length
    }
    return nil
  }

  /// Tag 274 of the first directory of a classic TIFF structure.
  private static func inTIFF(_ slice: ArraySlice<UInt8>) -> Int? {
    let base = slice.startIndex
    let isLittle = slice.starts(with: [0x49, 0x49])
    guard isLittle || slice.starts(with: [0x4D, 0x4D]) else { return nil }
    func number(_ offset: Int, _ size: Int) -> Int? {
      guard offset >= 0, offset <= slice.count - size else { return nil }
      let part = slice[base + offset..<base + offset + size]
      return isLittle
        ? part.reversed().reduce(0) { $0 << 8 | Int($1) } : part.reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(2, 2) == 42, let directory = number(4, 4), let count = number(directory, 2) else {
      return nil
    }
    for entry in 0..<count {
      let at = directory + 2 + entry * 12
      guard let tag = number(at, 2) else { return nil }
      if tag == 274 { return number(at + 8, 2) }
    }
    return nil
  }
}

extension FundusImage {
  /// The image rotated to upright from the given orientation.
  public func oriented(_ orientation: ImageOrientation) -> FundusImage {
    if orientation == .upright { return self }
    let swaps = orientation.rawValue >= 5
    let newWidth = swaps ? height : width
    let newHeight = swaps ? width : height
    var result = [UInt8](repeating: 0, count: pixels.count)
    for y in 0..<newHeight {
      for x in 0..<newWidth {
        let (sourceX, sourceY) =
          switch orientation {
          case .upright: (x, y)
          case .mirrored: (width - 1 - x, y)
          case .upsideDown: (width - 1 - x, height - 1 - y)
          case .flipped: (x, height - 1 - y)
          case .transposed: (y, x)
          case .turnedLeft: (y, height - 1 - x)
          case .transversed: (width - 1 - y, height - 1 - x)
          case .turnedRight: (width - 1 - y, x)
          }
        let source = (sourceY * width + sourceX) * 3
        let target = (y * newWidth + x) * 3
        for channel in 0..<3 { result[target + channel] = pixels[source + channel] }
      }
    }
    return FundusImage(width: newWidth, height: newHeight, pixels: result)
  }
}
