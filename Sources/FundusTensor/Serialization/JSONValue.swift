/// A JSON text in memory, with the members of objects in the order of the text.
///
/// Strict (RFC 8259): no trailing commas, no comments, no NaN, and no name twice in one object,
/// because a reader that takes the first and one that takes the last would see different files.
package indirect enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  package struct Member: Equatable, Sendable {
    package let name: String
    package let value: JSONValue

    package init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// The error of a text that is not JSON, with the position of the first wrong byte.
  package struct ParseError: Error, CustomStringConvertible {
    package let description: String
  }

  /// Reads a UTF-8 text. Values nest at most 64 deep.
  package init(parsing bytes: [UInt8]) throws(ParseError) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }

  /// The member of an object, or nil.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The text of a string value.
  package var text: String? { if case .string(let text) = self { text } else { nil } }
  /// The value of a whole number.
  package var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }
  /// The value of any number.
  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
  /// The value of true or false.
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The elements of an array.
  package var elements: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
  /// The members of an object.
  package var members: [Member]? { if case .object(let members) = self { members } else { nil } }

  /// The kind of value, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  var position = 0
  var depth = 0

  func failure(_ text: String) -> JSONValue.ParseError {
    JSONValue.ParseError(description: "\(text) at byte \(position) of the JSON text")
  }

  mutating func document() throws(JSONValue.ParseError) -> JSONValue {
    let result = try value()
    skipSpace()
    guard position == bytes.count else { throw failure("something follows the value") }
    return result
  }

  mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
  }

  mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
    position += 1
    return true
  }

  mutating func value() throws(JSONValue.ParseError) -> JSONValue {
    skipSpace()
    guard position < bytes.count else { throw failure("the text ends where a value is expected") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw failure("a value is expected, not byte \(bytes[position])")
    }
  }

  mutating func word(
    _ text: StaticString, _ value: JSONValue
  ) throws(JSONValue.ParseError) -> JSONValue {
    let word = Array("\(text)".utf8)
    guard bytes[position...].starts(with: word) else { throw failure("an unknown word") }
    position += word.count
    return value
  }

  mutating func enter() throws(JSONValue.ParseError) {
    depth += 1
    guard depth <= 64 else { throw failure("values nest deeper than 64") }
    position += 1
  }

  mutating func array() throws(JSONValue.ParseError) -> JSONValue {
    try enter()
    var elements: [JSONValue] = []
    if take("]") {
      depth -= 1
      return .array([])
    }
    repeat { elements.append(try value()) } while take(",")
    guard take("]") else { throw failure("a ',' or ']' is expected") }
    depth -= 1
    return .array(elements)
  }

  mutating func object() throws(JSONValue.ParseError) -> JSONValue {
    try enter()
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    if take("}") {
      depth -= 1
      return .object([])
    }
    repeat {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw failure("a name in quotes is expected")
      }
      let name = try string()
      guard names.insert(name).inserted else {
        throw failure("the name '\(name.quotable())' occurs twice")
      }
      guard take(":") else { throw failure("a ':' is expected") }
      members.append(.init(name, try value()))
    } while take(",")
    guard take("}") else { throw failure("a ',' or '}' is expected") }
    depth -= 1
    return .object(members)
  }

  mutating func string() throws(JSONValue.ParseError) -> String {
    position += 1
    var result: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: result, as: UTF8.self) else {
          throw failure("a string that is not UTF-8 ends")
        }
        return text
      case UInt8(ascii: "\\"): try escape(into: &result)
      case 0..<0x20: throw failure("a control character in a string")
      default: result.append(byte)
      }
    }
    throw failure("the text ends inside of a string")
  }

  mutating func escape(into result: inout [UInt8]) throws(JSONValue.ParseError) {
    guard position < bytes.count else { throw failure("the text ends inside of a string") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
    case UInt8(ascii: "b"): result.append(0x08)
    case UInt8(ascii: "f"): result.append(0x0C)
    case UInt8(ascii: "n"): result.append(0x0A)
    case UInt8(ascii: "r"): result.append(0x0D)
    case UInt8(ascii: "t"): result.append(0x09)
    case UInt8(ascii: "u"):
      var code = UInt32(try hexadecimal())
      if code >= 0xD800, code < 0xDC00, position + 1 < bytes.count,
        bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = UInt32(try hexadecimal())
        guard low >= 0xDC00, low < 0xE000 else { throw failure("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
      result += Array(String(Character(scalar)).utf8)
    default: throw failure("an unknown escape")
    }
  }

  mutating func hexadecimal() throws(JSONValue.ParseError) -> UInt16 {
    guard position + 4 <= bytes.count else { throw failure("the text ends inside of an escape") }
    var value: UInt16 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("an escape without four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
    }
    position += 4
    return value
  }

  mutating func number() throws(JSONValue.ParseError) -> JSONValue {
    let start = position
    func digits(_ parser: inout JSONParser) -> Int {
      let first = parser.position
      while parser.position < parser.bytes.count,
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(parser.bytes[parser.position])
      {
        parser.position += 1
      }
      return parser.position - first
    }
    func next(_ parser: inout JSONParser, isOneOf characters: String) -> Bool {
      guard parser.position < parser.bytes.count,
        characters.utf8.contains(parser.bytes[parser.position])
      else { return false }
      parser.position += 1
      return true
    }
    var isWhole = true
    _ = next(&self, isOneOf: "-")
    let leading = position
    let count = digits(&self)
    guard count > 0, count == 1 || bytes[leading] != UInt8(ascii: "0") else {
      throw failure("a malformed number ends")
    }
    if next(&self, isOneOf: ".") {
      isWhole = false
      guard digits(&self) > 0 else { throw failure("a malformed number ends") }
    }
    if next(&self, isOneOf: "eE") {
      isWhole = false
      _ = next(&self, isOneOf: "+-")
      guard digits(&self) > 0 else { throw failure("a malformed number ends") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw failure("a number that is out of range ends")
    }
    return .number(value)
  }
}
