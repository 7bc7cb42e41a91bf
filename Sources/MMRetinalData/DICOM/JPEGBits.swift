#if DICOM
  /// The bits of an entropy-coded segment of JPEG, up to the next marker.
  struct JPEGBits {
    private let bytes: [UInt8]
    private(set) var place: Int
    private var held: UInt64 = 0
    private var count = 0

    init(_ bytes: [UInt8], from place: Int) {
      self.bytes = bytes
      self.place = place
    }

    private mutating func fill() {
      while count <= 48, place < bytes.count {
        let byte = bytes[place]
        if byte == 0xFF {
          // A zero follows a byte of all ones; anything else is a marker.
          guard place + 1 < bytes.count, bytes[place + 1] == 0 else { return }
          place += 1
        }
        place += 1
        held = held << 8 | UInt64(byte)
        count += 8
      }
    }

    mutating func bits(_ wanted: Int) throws(DICOMProblem) -> Int {
      if wanted == 0 { return 0 }
      if count < wanted { fill() }
      guard count >= wanted else { throw .truncated("a JPEG code stream ends too early") }
      count -= wanted
      return Int(held >> UInt64(count) & (1 << UInt64(wanted) - 1))
    }

    /// A number of `size` bits, of which the lower half is negative.
    mutating func difference(_ size: Int) throws(DICOMProblem) -> Int {
      if size == 0 { return 0 }
      let value = try bits(size)
      return value < 1 << (size - 1) ? value - (1 << size) + 1 : value
    }

    /// The next symbol of a code.
    mutating func symbol(_ code: JPEGCode) throws(DICOMProblem) -> Int {
      if count < 16 { fill() }
      let next =
        count >= 16
        ? Int(held >> UInt64(count - 16) & 0xFFFF) : Int(held << UInt64(16 - count) & 0xFFFF)
      guard let (symbol, length) = code.symbol(next), length <= count else {
        if count < 16 { throw .truncated("a JPEG code stream ends too early") }
        throw .damaged("a JPEG code stream has an invalid code")
      }
      count -= length
      return symbol
    }

    /// Goes on after a restart marker.
    mutating func restart() throws(DICOMProblem) {
      held = 0
      count = 0
      while place + 1 < bytes.count, bytes[place] != 0xFF || bytes[place + 1] == 0xFF {
        place += 1
      }
      guard place + 1 < bytes.count else {
        throw .truncated("a JPEG code stream ends too early")
      }
      guard (0xD0...0xD7).contains(bytes[place + 1]) else {
        throw .damaged("a JPEG code stream has no restart marker where one belongs")
      }
      place += 2
    }
  }

  /// A Huffman code (ISO/IEC 10918-1, annex C).
  struct JPEGCode {
    private let symbols: [UInt8]
    /// The largest code of each length from 1 to 16; -1 for none.
    private var largest = [Int](repeating: -1, count: 17)
    /// The index of a code's symbol minus the code.
    private var offset = [Int](repeating: 0, count: 17)
    /// Symbol and length of codes of up to 9 bits; 0 for longer ones.
    private var short = [UInt16](repeating: 0, count: 512)

    /// - Parameters:
    ///   - counts: the number of codes of each length from 1 to 16.
    ///   - symbols: their symbols.
    init?(counts: [UInt8], symbols: [UInt8]) {
      self.symbols = symbols
      var (code, index) = (0, 0)
      for length in 1...16 {
        let count = Int(counts[length - 1])
        offset[length] = index - code
        guard index + count <= symbols.count, code + count <= 1 << length else { return nil }
        for _ in 0..<count {
          if length <= 9 {
            let first = code << (9 - length)
            for entry in first..<first + 1 << (9 - length) {
              short[entry] = UInt16(symbols[index]) << 4 | UInt16(length)
            }
          }
          code += 1
          index += 1
        }
        if count > 0 { largest[length] = code - 1 }
        code <<= 1
      }
    }

    /// The symbol that 16 bits begin with, and the length of its code.
    func symbol(_ bits: Int) -> (symbol: Int, length: Int)? {
      let entry = short[bits >> 7]
      if entry != 0 { return (Int(entry >> 4), Int(entry & 15)) }
      for length in 1...16 {
        let code = bits >> (16 - length)
        if largest[length] >= 0, code <= largest[length], code + offset[length] >= 0,
          code + offset[length] < symbols.count
        {
          return (Int(symbols[code + offset[length]]), length)
        }
      }
      return nil
    }

    /// The codes of a segment, by class (0 or 1) and number (0 to 3).
    static func read(
      _ body: ArraySlice<UInt8>, into codes: inout [[JPEGCode?]]
    ) throws(DICOMProblem) {
      var rest = body
      while !rest.isEmpty {
        guard rest.count >= 17 else { throw .truncated("a table of JPEG codes") }
        let bytes = Array(rest.prefix(17))
        let counts = Array(bytes[1...])
        let size = counts.reduce(0) { $0 + Int($1) }
        let (kind, number) = (Int(bytes[0] >> 4), Int(bytes[0] & 15))
        guard kind < 2, number < 4, size <= 256, rest.count >= 17 + size,
          let code = JPEGCode(counts: counts, symbols: Array(rest.dropFirst(17).prefix(size)))
        else { throw .damaged("a table of JPEG codes") }
        codes[kind][number] = code
        rest = rest.dropFirst(17 + size)
      }
    }
  }

  /// The header of a scan.
  struct JPEGScan {
    /// The components, by their index in the frame, with the numbers of their codes.
    let parts: [(component: Int, first: Int, second: Int)]
    /// The first of the last three parameters: the predictor of lossless JPEG.
    let selection: Int
    /// The point transform.
    let shift: Int

    init(_ body: ArraySlice<UInt8>, _ header: JPEGHeader) throws(DICOMProblem) {
      let bytes = Array(body)
      guard let count = bytes.first.map({ Int($0) }), (1...4).contains(count),
        bytes.count >= 4 + 2 * count
      else { throw .damaged("the header of a JPEG scan") }
      var parts: [(component: Int, first: Int, second: Int)] = []
      for index in 0..<count {
        let identifier = bytes[1 + 2 * index]
        let tables = bytes[2 + 2 * index]
        guard
          let component = header.components.firstIndex(where: { $0.identifier == identifier }),
          tables >> 4 < 4, tables & 15 < 4
        else { throw .damaged("the header of a JPEG scan") }
        parts.append((component, Int(tables >> 4), Int(tables & 15)))
      }
      self.parts = parts
      selection = Int(bytes[1 + 2 * count])
      shift = Int(bytes[3 + 2 * count] & 15)
    }
  }
#endif
