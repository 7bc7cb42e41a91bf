import Foundation

/// PBM, PGM and PPM: a text header, then samples in text or binary form.
enum Netpbm {
  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  static func decode(
    _ data: Data, name: String, options: DecodingOptions
  ) throws(ImageError) -> StoredImage {
    var reader = Reader(bytes: [UInt8](data), name: name)
    let type = reader.bytes[1] - 0x30
    reader.position = 2
    let width = try reader.headerNumber("width")
    let height = try reader.headerNumber("height")
    let isBitmap = type == 1 || type == 4
    let largest = isBitmap ? 1 : try reader.headerNumber("largest value")
    guard (1...65535).contains(largest) else {
      throw reader.damaged("the largest value must be from 1 to 65535, found \(largest)")
    }
    // Exactly one whitespace character ends the header.
    reader.position += 1
    let kind: StoredImage.Kind = type == 3 || type == 6 ? .rgb : .gray
    try ImageFile.check(
      width: width, height: height, bytes: 0, ratio: 1, data: data, name: name, format: .netpbm,
      options: options)
    let count = width * height * kind.channels
    let size = largest > 255 ? 2 : 1
    let left = max(0, reader.bytes.count - reader.position)
    let needed =
      switch type {
      case 1: count
      case 4: (width + 7) / 8 * height
      case 2, 3: count * 2 - 1
      default: count * size
      }
    if left < needed && !options.toleratesTruncation {
      throw .truncated(
        name: name, format: .netpbm, reason: "\(left) bytes for \(count) samples")
    }
    var values: [UInt16]
    switch type {
    case 1, 2, 3:
      values = try reader.text(
        count: count, largest: largest, isBitmap: isBitmap,
        tolerant: options.toleratesTruncation)
    case 4: values = reader.bits(width: width, height: height)
    default: values = reader.binary(count: count, size: size)
    }
    if isBitmap { for index in values.indices { values[index] = 1 - values[index] } }
    return image(width: width, height: height, kind: kind, largest: largest, values: values)
  }

  /// Color is rounded to 8 bits, half to even, as in Pillow; deep gray keeps its range.
  private static func image(
    width: Int, height: Int, kind: StoredImage.Kind, largest: Int, values: [UInt16]
  ) -> StoredImage {
    let isDeepGray = kind == .gray && largest > 255
    if largest == 255 || largest == 1 && kind == .gray {
      let bytes = values.map { UInt8(min(Int($0), largest)) }
      return StoredImage(
        width: width, height: height, kind: kind, largest: largest, samples: .bytes(bytes))
    }
    let target = isDeepGray ? 65535 : 255
    let table = (0...largest).map { value in
      UInt16((Double(value) / Double(largest) * Double(target)).rounded(.toNearestOrEven))
    }
    let scaled = values.map { table[min(Int($0), largest)] }
    return StoredImage(
      width: width, height: height, kind: kind, largest: target,
      samples: isDeepGray ? .words(scaled) : .bytes(scaled.map { UInt8($0) }))
  }

  private struct Reader {
    let bytes: [UInt8]
    let name: String
    var position = 0

    func damaged(_ reason: String) -> ImageError {
      .damaged(name: name, format: .netpbm, reason: reason)
    }

    mutating func skipSpace() {
      while position < bytes.count {
        if bytes[position] == 0x23 {
          while position < bytes.count, bytes[position] != 0x0A, bytes[position] != 0x0D {
            position += 1
          }
        } else if isSpace(bytes[position]) {
          position += 1
        } else {
          return
        }
      }
    }

    /// The number at the current position, nil if there is none.
    mutating func number() -> Int? {
      let start = position
      var value = 0
      while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
        value = min(value * 10 + Int(bytes[position] - 0x30), 1 << 40)
        position += 1
      }
      return position > start ? value : nil
    }

    mutating func headerNumber(_ what: String) throws(ImageError) -> Int {
      skipSpace()
      guard let value = number() else {
        if position >= bytes.count {
          throw .truncated(name: name, format: .netpbm, reason: "the header has no \(what)")
        }
        throw damaged("expected the \(what), found the byte \(bytes[position])")
      }
      return value
    }

    mutating func text(
      count: Int, largest: Int, isBitmap: Bool, tolerant: Bool
    ) throws(ImageError) -> [UInt16] {
      var values = [UInt16](repeating: isBitmap ? 1 : 0, count: count)
      for index in 0..<count {
        skipSpace()
        guard position < bytes.count else {
          if tolerant { break }
          throw .truncated(
            name: name, format: .netpbm, reason: "\(index) of \(count) samples")
        }
        var value: Int?
        if isBitmap {
          // Bits need no separators.
          value = Int(bytes[position]) - 0x30
          position += 1
        } else {
          value = number()
        }
        guard let value, (0...largest).contains(value) else {
          throw damaged("sample \(index) is not a number from 0 to \(largest)")
        }
        values[index] = UInt16(value)
      }
      return values
    }

    func bits(width: Int, height: Int) -> [UInt16] {
      let stride = (width + 7) / 8
      var values = [UInt16](repeating: 1, count: width * height)
      for y in 0..<height {
        for x in 0..<width {
          let index = position + y * stride + x / 8
          guard index < bytes.count else { return values }
          values[y * width + x] = UInt16(bytes[index] >> UInt8(7 - x % 8) & 1)
        }
      }
      return values
    }

    func binary(count: Int, size: Int) -> [UInt16] {
      let present = min(count, max(0, bytes.count - position) / size)
      var values = [UInt16](repeating: 0, count: count)
      for index in 0..<present {
        let at = position + index * size
        values[index] =
          size == 1 ? UInt16(bytes[at]) : UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])
      }
      return values
    }
  }
}
