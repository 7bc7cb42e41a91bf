/// The directory of a zip archive with uncompressed entries, as written by PyTorch. Zip64 is supported;
/// compressed or encrypted entries are refused on access.
struct ZipArchive {
  struct Entry {
    let name: String
    let method: UInt16
    let isEncrypted: Bool
    let size: Int
    let storedSize: Int
    let headerOffset: Int
  }

  let file: MappedFile
  let entries: [Entry]
  private let positions: [String: Int]

  /// Reads the central directory.
  init(_ file: MappedFile) throws {
    self.file = file
    func failure(_ text: String) -> CheckpointError {
      CheckpointError(.malformed, file: file.name, "as a zip archive: \(text)")
    }
    guard let tail = Self.endRecord(in: file) else {
      throw failure("it has no end record, so it is probably truncated")
    }
    var count = UInt64(file.integer(at: tail + 10, as: UInt16.self)!)
    var size = UInt64(file.integer(at: tail + 12, as: UInt32.self)!)
    var start = UInt64(file.integer(at: tail + 16, as: UInt32.self)!)
    if tail >= 20, file.matches("PK\u{6}\u{7}", at: tail - 20),
      let record = file.integer(at: tail - 12, as: UInt64.self).flatMap({ Int(exactly: $0) }),
      file.matches("PK\u{6}\u{6}", at: record), file.holds(56, at: record)
    {
      count = file.integer(at: record + 32, as: UInt64.self)!
      size = file.integer(at: record + 40, as: UInt64.self)!
      start = file.integer(at: record + 48, as: UInt64.self)!
    }
    // A directory entry takes at least 46 bytes, which bounds the count by the file's size.
    guard let offset = Int(exactly: start), let length = Int(exactly: size),
      file.holds(length, at: offset), count <= UInt64(length / 46)
    else {
      throw failure(
        "\(count) entries in \(size) bytes from \(start) on do not fit a file of \(file.count)")
    }
    var entries: [Entry] = []
    entries.reserveCapacity(Int(count))
    var position = offset
    for _ in 0..<Int(count) {
      guard let (entry, next) = Self.entry(in: file, at: position, end: offset + length) else {
        throw failure("entry \(entries.count) of its directory is damaged")
      }
      entries.append(entry)
      position = next
    }
    self.entries = entries
    var positions: [String: Int] = [:]
    for (index, entry) in entries.enumerated() {
      guard positions.updateValue(index, forKey: entry.name) == nil else {
        throw failure("entry '\(entry.name.quotable())' occurs twice")
      }
    }
    self.positions = positions
  }

  /// The offset of the end record: the last 22 bytes, or earlier if there is a comment.
  private static func endRecord(in file: MappedFile) -> Int? {
    var position = file.count - 22
    let first = max(0, position - 65535)
    while position >= first {
      if file.matches("PK\u{5}\u{6}", at: position),
        let comment = file.integer(at: position + 20, as: UInt16.self),
        position + 22 + Int(comment) == file.count
      {
        return position
      }
      position -= 1
    }
    return nil
  }

  private static func entry(
    in file: MappedFile, at position: Int, end: Int
  ) -> (Entry, next: Int)? {
    guard position + 46 <= end, file.matches("PK\u{1}\u{2}", at: position) else { return nil }
    let flags = file.integer(at: position + 8, as: UInt16.self)!
    let method = file.integer(at: position + 10, as: UInt16.self)!
    var storedSize = UInt64(file.integer(at: position + 20, as: UInt32.self)!)
    var size = UInt64(file.integer(at: position + 24, as: UInt32.self)!)
    let nameLength = Int(file.integer(at: position + 28, as: UInt16.self)!)
    let extraLength = Int(file.integer(at: position + 30, as: UInt16.self)!)
    let commentLength = Int(file.integer(at: position + 32, as: UInt16.self)!)
    var header = UInt64(file.integer(at: position + 42, as: UInt32.self)!)
    let extra = position + 46 + nameLength
    let next = extra + extraLength + commentLength
    guard next <= end else { return nil }
    // Zip64: a field with tag 1 contains, in this order, those values that are all ones above.
    var field = extra
    while field + 4 <= extra + extraLength {
      let tag = file.integer(at: field, as: UInt16.self)!
      let length = Int(file.integer(at: field + 2, as: UInt16.self)!)
      guard field + 4 + length <= extra + extraLength else { break }
      if tag == 1 {
        var value = field + 4
        func take(_ target: inout UInt64) {
          guard target == 0xFFFF_FFFF, value + 8 <= field + 4 + length else { return }
          target = file.integer(at: value, as: UInt64.self)!
          value += 8
        }
        take(&size)
        take(&storedSize)
        take(&header)
      }
      field += 4 + length
    }
    guard let size = Int(exactly: size), let storedSize = Int(exactly: storedSize),
      let header = Int(exactly: header),
      let name = String(
        validating: file.bytes(in: position + 46..<position + 46 + nameLength), as: UTF8.self)
    else { return nil }
    let entry = Entry(
      name: name, method: method, isEncrypted: flags & 1 != 0, size: size, storedSize: storedSize,
      headerOffset: header)
    return (entry, next)
  }

  /// The range of an entry in the file; nil if there is no entry of that name.
  func range(of name: String) throws -> Range<Int>? {
    guard let index = positions[name] else { return nil }
    let entry = entries[index]
    func failure(_ kind: CheckpointError.Kind, _ text: String) -> CheckpointError {
      CheckpointError(kind, file: file.name, "zip entry '\(name.quotable())' \(text)")
    }
    guard entry.method == 0, !entry.isEncrypted else {
      throw failure(
        .unsupported,
        entry.isEncrypted
          ? "is encrypted" : "is compressed (method \(entry.method)), which PyTorch files are not")
    }
    guard entry.size == entry.storedSize else {
      throw failure(.malformed, "has \(entry.size) bytes stored as \(entry.storedSize)")
    }
    guard file.matches("PK\u{3}\u{4}", at: entry.headerOffset),
      let nameLength = file.integer(at: entry.headerOffset + 26, as: UInt16.self),
      let extraLength = file.integer(at: entry.headerOffset + 28, as: UInt16.self)
    else { throw failure(.malformed, "has no header at byte \(entry.headerOffset)") }
    let start = entry.headerOffset + 30 + Int(nameLength) + Int(extraLength)
    guard file.holds(entry.size, at: start) else {
      throw failure(
        .malformed, "of \(entry.size) bytes at \(start) reaches past the file's \(file.count)")
    }
    return start..<start + entry.size
  }
}
