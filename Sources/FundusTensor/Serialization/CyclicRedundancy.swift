/// The 32-bit checksum of zip archives and PNG files, eight bytes at a time.
package enum CyclicRedundancy {
  private static let table: [UInt32] = {
    var table = [UInt32](repeating: 0, count: 8 * 256)
    for index in 0..<256 {
      var value = UInt32(index)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
      table[index] = value
    }
    for index in 256..<table.count {
      let value = table[index - 256]
      table[index] = value >> 8 ^ table[Int(value & 0xFF)]
    }
    return table
  }()

  /// The checksum of the bytes.
  package static func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { checksum($0) }
  }

  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      var value = UInt32.max
      var index = 0
      while index + 8 <= bytes.count {
        let word =
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
          ^ UInt64(value)
        value = 0
        for byte in 0..<8 { value ^= table[(7 - byte) * 256 + Int(word >> (8 * byte) & 0xFF)] }
        index += 8
      }
      while index < bytes.count {
        value = value >> 8 ^ table[Int((value ^ UInt32(bytes[index])) & 0xFF)]
        index += 1
      }
      return ~value
    }
  }
}
