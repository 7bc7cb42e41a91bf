import Foundation
import FundusTensor

/// Reads entries of a zip archive, such as a DOCX, each no longer than a limit.
package struct ZipReader {
  private struct Entry {
    let method: Int
    let isEncrypted: Bool
    let storedSize: Int
    let size: Int
    let offset: Int
  }

  private let bytes: [UInt8]
  private var entries: [String: Entry] = [:]
  /// Names in the order of the archive.
  package private(set) var names: [String] = []

  /// Reads the directory.
  /// - Throws: ``BookError`` for what is no archive, or a damaged one.
  package init(_ data: Data, name: String) throws(BookError) {
    bytes = [UInt8](data)
    let damaged = BookError(book: name, "the archive is damaged or truncated; save the file again")
    var end = bytes.count - 22
    let lowest = max(0, bytes.count - 22 - 65_535)
    while end >= lowest, number(end, 4) != 0x0605_4B50 { end -= 1 }
    guard end >= lowest, end >= 0, let count = number(end + 10, 2), let start = number(end + 16, 4)
    else { throw damaged }
    var position = start
    for _ in 0..<count {
      guard number(position, 4) == 0x0201_4B50, let flags = number(position + 8, 2),
        let method = number(position + 10, 2),
        let stored = number(position + 20, 4), let size = number(position + 24, 4),
        let nameLength = number(position + 28, 2), let extra = number(position + 30, 2),
        let comment = number(position + 32, 2), let offset = number(position + 42, 4),
        position + 46 + nameLength <= bytes.count
      else { throw damaged }
      let text = String(
        decoding: bytes[position + 46..<position + 46 + nameLength], as: UTF8.self)
      if entries[text] == nil { names.append(text) }
      entries[text] = Entry(
        method: method, isEncrypted: flags & 1 == 1, storedSize: stored, size: size, offset: offset)
      position += 46 + nameLength + extra + comment
    }
  }

  /// The contents of an entry; nil if there is none of that name.
  /// - Throws: ``BookError`` for damage, encryption and entries above the limit.
  package func contents(of entry: String, limit: Int, name: String) throws(BookError) -> [UInt8]? {
    guard let found = entries[entry] else { return nil }
    let shown = "'\(entry.abbreviated())'"
    if found.isEncrypted {
      throw BookError(book: name, "\(shown) is encrypted; save a copy without a password")
    }
    guard found.size <= limit else {
      throw BookError(book: name, "\(shown) has \(found.size) bytes, at most \(limit) are read")
    }
    let damaged = BookError(book: name, "\(shown) is damaged; save the file again")
    guard number(found.offset, 4) == 0x0403_4B50, let nameLength = number(found.offset + 26, 2),
      let extra = number(found.offset + 28, 2)
    else { throw damaged }
    let start = found.offset + 30 + nameLength + extra
    guard start <= bytes.count, found.storedSize <= bytes.count - start else { throw damaged }
    let data = bytes[start..<start + found.storedSize]
    let result: [UInt8]
    switch found.method {
    case 0: result = Array(data)
    case 8:
      do throws(Inflate.Failure) {
        result = try Inflate.bytes(data, limit: min(limit, found.size))
      } catch {
        throw error == .tooLong
          ? BookError(
            book: name, "\(shown) decompresses to more than its declared size (a zip bomb?)")
          : damaged
      }
    default: throw BookError(book: name, "\(shown) uses an unsupported compression method")
    }
    guard result.count == found.size else { throw damaged }
    return result
  }

  private func number(_ offset: Int, _ size: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - size else { return nil }
    return (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }
}
