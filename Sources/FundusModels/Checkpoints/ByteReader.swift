/// Reads a range of a file sequentially; every read is checked against the end of the range.
struct ByteReader {
  let file: MappedFile
  let end: Int
  private(set) var position: Int

  /// Creates a reader of the bytes in `range`, which must be inside the file.
  init(_ file: MappedFile, _ range: Range<Int>) {
    precondition(file.holds(range.count, at: range.lowerBound))
    self.file = file
    position = range.lowerBound
    end = range.upperBound
  }

  var remaining: Int { end - position }

  func endOfData() -> CheckpointError {
    CheckpointError(
      .malformed, file: file.name, "the pickle is truncated at byte \(position)")
  }

  mutating func byte() throws -> UInt8 {
    guard position < end else { throw endOfData() }
    defer { position += 1 }
    return file.byte(at: position)
  }

  mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type
  ) throws -> Integer {
    guard remaining >= MemoryLayout<Integer>.size,
      let value = file.integer(at: position, as: type)
    else { throw endOfData() }
    position += MemoryLayout<Integer>.size
    return value
  }

  mutating func bytes(_ count: some BinaryInteger) throws -> [UInt8] {
    guard let length = Int(exactly: count), length >= 0, length <= remaining else {
      throw endOfData()
    }
    defer { position += length }
    return file.bytes(in: position..<position + length)
  }

  mutating func text(_ count: some BinaryInteger) throws -> String {
    guard let text = String(validating: try bytes(count), as: UTF8.self) else {
      throw CheckpointError(
        .malformed, file: file.name, "a string before byte \(position) of the pickle is not UTF-8")
    }
    return text
  }

  /// The text up to the next line feed, which is consumed.
  mutating func line() throws -> String {
    var result: [UInt8] = []
    while true {
      let byte = try byte()
      if byte == 0x0A { break }
      guard result.count < 1000 else {
        throw CheckpointError(
          .malformed, file: file.name, "a line before byte \(position) of the pickle is too long")
      }
      result.append(byte)
    }
    return String(decoding: result, as: UTF8.self)
  }
}
