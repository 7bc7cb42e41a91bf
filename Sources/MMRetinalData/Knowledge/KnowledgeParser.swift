/// A parser of `{"category": ["descriptor", …]}` that preserves the order of members, unlike Foundation's.
struct KnowledgeParser {
  private let bytes: [UInt8]
  private let name: String
  private var position = 0
  private var line = 1

  init(_ bytes: [UInt8], name: String) {
    self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    self.name = name
  }

  mutating func parse() throws(KnowledgeError) -> [Knowledge.Entry] {
    var entries: [Knowledge.Entry] = []
    var seen: Set<String> = []
    try expect(UInt8(ascii: "{"), called: "an object of lists of strings")
    if !accept(UInt8(ascii: "}")) {
      repeat {
        skipSpaces()
        let category = try string(called: "a category in quotes")
        guard seen.insert(category).inserted else {
          throw .invalid(
            file: name, line: line, reason: "the category \"\(category)\" occurs twice")
        }
        try expect(UInt8(ascii: ":"), called: "':' after \"\(category)\"")
        entries.append(
          Knowledge.Entry(category: category, descriptors: try descriptors(of: category)))
      } while accept(UInt8(ascii: ","))
      try expect(UInt8(ascii: "}"), called: "',' or '}' after a list")
    }
    skipSpaces()
    guard position == bytes.count else { throw unexpected("the end of the text") }
    return entries
  }

  private mutating func descriptors(of category: String) throws(KnowledgeError) -> [String] {
    var list: [String] = []
    try expect(UInt8(ascii: "["), called: "a list of descriptors for \"\(category)\"")
    if accept(UInt8(ascii: "]")) { return list }
    repeat {
      skipSpaces()
      let text = try string(called: "a descriptor in quotes")
      guard text.contains(where: { !$0.isWhitespace }) else {
        throw .invalid(file: name, line: line, reason: "\"\(category)\" has an empty descriptor")
      }
      list.append(text)
    } while accept(UInt8(ascii: ","))
    try expect(UInt8(ascii: "]"), called: "',' or ']' after a descriptor")
    return list
  }

  private mutating func string(called expected: String) throws(KnowledgeError) -> String {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
      throw unexpected(expected)
    }
    position += 1
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw .malformed(file: name, line: line, expected: "UTF-8", found: "other bytes")
        }
        return string
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20:
        position -= 1
        throw unexpected("a string without control characters")
      default: text.append(byte)
      }
    }
    throw unexpected("the end of a string")
  }

  private mutating func escape(into text: inout [UInt8]) throws(KnowledgeError) {
    guard position < bytes.count else { throw unexpected("an escape") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var value = try codeUnit()
      if (0xD800..<0xDC00).contains(value), bytes[position...].starts(with: Array("\\u".utf8)) {
        position += 2
        let low = try codeUnit()
        guard (0xDC00..<0xE000).contains(low) else {
          throw .malformed(
            file: name, line: line, expected: "the second half of a surrogate pair",
            found: "another")
        }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else {
        throw .malformed(
          file: name, line: line, expected: "a character", found: "half a surrogate pair")
      }
      text.append(contentsOf: String(scalar).utf8)
    default:
      position -= 1
      throw unexpected("a valid JSON escape")
    }
  }

  private mutating func codeUnit() throws(KnowledgeError) -> UInt32 {
    guard position + 4 <= bytes.count,
      let digits = String(validating: bytes[position..<position + 4], as: UTF8.self),
      digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16)
    else { throw unexpected("four hexadecimal digits") }
    position += 4
    return value
  }

  private mutating func skipSpaces() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      if bytes[position] == 0x0A { line += 1 }
      position += 1
    }
  }

  private mutating func accept(_ byte: UInt8) -> Bool {
    skipSpaces()
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ byte: UInt8, called expected: String) throws(KnowledgeError) {
    guard accept(byte) else { throw unexpected(expected) }
  }

  private func unexpected(_ expected: String) -> KnowledgeError {
    let found: String
    if position >= bytes.count {
      found = "the end of the text"
    } else if (0x21..<0x7F).contains(bytes[position]) {
      found = "'\(Character(Unicode.Scalar(bytes[position])))'"
    } else {
      found = "byte \(bytes[position])"
    }
    return .malformed(file: name, line: line, expected: expected, found: found)
  }
}
