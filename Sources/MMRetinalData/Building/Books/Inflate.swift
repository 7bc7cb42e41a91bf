/// Decompresses DEFLATE (RFC 1951), the method of zip archives.
package enum Inflate {
  /// An error of decompression.
  package enum Failure: Error, Sendable, Hashable {
    case damaged
    /// More bytes come out than allowed.
    case tooLong
  }

  /// The decompressed bytes, no more than `limit`.
  package static func bytes(_ data: ArraySlice<UInt8>, limit: Int) throws(Failure) -> [UInt8] {
    var reader = BitReader(data)
    var output: [UInt8] = []
    output.reserveCapacity(min(limit, data.count * 4))
    var isLast = false
    while !isLast {
      isLast = try reader.bits(1) == 1
      switch try reader.bits(2) {
      case 0: try stored(&reader, &output, limit)
      case 1: try block(&reader, &output, limit, Self.fixedLiterals, Self.fixedDistances)
      case 2:
        let (literals, distances) = try tables(&reader)
        try block(&reader, &output, limit, literals, distances)
      default: throw .damaged
      }
    }
    return output
  }

  private struct BitReader {
    private let data: ArraySlice<UInt8>
    private var position: Int
    private var held: UInt64 = 0
    private var count = 0

    init(_ data: ArraySlice<UInt8>) {
      self.data = data
      position = data.startIndex
    }

    private mutating func fill() {
      while count <= 48, position < data.endIndex {
        held |= UInt64(data[position]) << UInt64(count)
        position += 1
        count += 8
      }
    }

    mutating func bits(_ wanted: Int) throws(Failure) -> Int {
      if count < wanted { fill() }
      guard count >= wanted else { throw .damaged }
      let value = Int(held & (1 << UInt64(wanted) - 1))
      held >>= UInt64(wanted)
      count -= wanted
      return value
    }

    /// The next symbol of a code.
    mutating func symbol(_ table: Table) throws(Failure) -> Int {
      if count < 15 { fill() }
      let entry = table.entries[Int(held & UInt64(table.mask))]
      let length = Int(entry & 15)
      guard length > 0, length <= count else { throw .damaged }
      held >>= UInt64(length)
      count -= length
      return Int(entry >> 4)
    }

    /// Gives whole bytes that were read ahead back.
    mutating func alignToByte() {
      held >>= UInt64(count % 8)
      count -= count % 8
    }

    mutating func byte() throws(Failure) -> UInt8 { UInt8(try bits(8)) }
  }

  /// A prefix code: for each pattern of 15 bits the symbol (from bit 4 on) and its length.
  private struct Table {
    let entries: [UInt16]
    let mask: Int

    init?(lengths: [Int]) {
      let longest = lengths.max() ?? 0
      guard longest > 0 else {
        entries = [0]
        mask = 0
        return
      }
      var counts = [Int](repeating: 0, count: 16)
      for length in lengths where length > 0 { counts[length] += 1 }
      var code = 0
      var next = [Int](repeating: 0, count: 16)
      for length in 1...15 {
        code = (code + counts[length - 1] * (length > 1 ? 1 : 0)) << 1
        next[length] = code
        if code + counts[length] > 1 << length { return nil }
      }
      var entries = [UInt16](repeating: 0, count: 1 << longest)
      for (symbol, length) in lengths.enumerated() where length > 0 {
        var reversed = 0
        for bit in 0..<length where next[length] >> bit & 1 == 1 {
          reversed |= 1 << (length - 1 - bit)
        }
        next[length] += 1
        var index = reversed
        while index < entries.count {
          entries[index] = UInt16(symbol << 4 | length)
          index += 1 << length
        }
      }
      self.entries = entries
      mask = entries.count - 1
    }
  }

  private static let fixedLiterals = Table(
    lengths: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })!
  private static let fixedDistances = Table(lengths: [Int](repeating: 5, count: 30))!

  private static let lengthBases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
  ]
  private static let lengthBits = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let distanceBases = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
    3073, 4097, 6145, 8193, 12289, 16385, 24577,
  ]
  private static let distanceBits = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13,
    13,
  ]

  private static func stored(
    _ reader: inout BitReader, _ output: inout [UInt8], _ limit: Int
  ) throws(Failure) {
    reader.alignToByte()
    let count = try reader.bits(16)
    guard try reader.bits(16) == count ^ 0xFFFF else { throw .damaged }
    guard output.count + count <= limit else { throw .tooLong }
    for _ in 0..<count { output.append(try reader.byte()) }
  }

  private static func tables(_ reader: inout BitReader) throws(Failure) -> (Table, Table) {
    let literals = try reader.bits(5) + 257
    let distances = try reader.bits(5) + 1
    let codes = try reader.bits(4) + 4
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    var lengths = [Int](repeating: 0, count: 19)
    for index in 0..<codes { lengths[order[index]] = try reader.bits(3) }
    guard let table = Table(lengths: lengths) else { throw .damaged }
    var all: [Int] = []
    while all.count < literals + distances {
      let symbol = try reader.symbol(table)
      switch symbol {
      case 0..<16: all.append(symbol)
      case 16:
        guard let last = all.last else { throw .damaged }
        all += [Int](repeating: last, count: 3 + (try reader.bits(2)))
      case 17: all += [Int](repeating: 0, count: 3 + (try reader.bits(3)))
      default: all += [Int](repeating: 0, count: 11 + (try reader.bits(7)))
      }
    }
    guard all.count == literals + distances, all[256] > 0,
      let first = Table(lengths: Array(all[..<literals])),
      let second = Table(lengths: Array(all[literals...]))
    else { throw .damaged }
    return (first, second)
  }

  private static func block(
    _ reader: inout BitReader, _ output: inout [UInt8], _ limit: Int, _ literals: Table,
    _ distances: Table
  ) throws(Failure) {
    while true {
      let symbol = try reader.symbol(literals)
      if symbol < 256 {
        guard output.count < limit else { throw .tooLong }
        output.append(UInt8(symbol))
      } else if symbol == 256 {
        return
      } else {
        guard symbol - 257 < lengthBases.count else { throw .damaged }
        let length = lengthBases[symbol - 257] + (try reader.bits(lengthBits[symbol - 257]))
        let code = try reader.symbol(distances)
        guard code < distanceBases.count else { throw .damaged }
        let distance = distanceBases[code] + (try reader.bits(distanceBits[code]))
        guard distance <= output.count else { throw .damaged }
        guard output.count + length <= limit else { throw .tooLong }
        for _ in 0..<length { output.append(output[output.count - distance]) }
      }
    }
  }
}
