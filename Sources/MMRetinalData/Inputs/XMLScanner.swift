/// A pull parser for XML, which returns tags and text in sequence.
///
/// It knows elements, attributes, text, CDATA and the five named and all numeric entities. Declarations
/// are passed over, entities that a document declares itself are not expanded, nothing is loaded: what
/// makes XML dangerous is not there.
package struct XMLScanner {
  package enum Event: Equatable {
    /// `<name …>`; an empty element gives an end as well. Names keep their prefix.
    case start(String, [String: String])
    case end(String)
    case text(String)
  }

  private let bytes: [UInt8]
  private var position = 0
  private var pendingEnd: String?
  /// Whether the document declares entities of its own.
  package private(set) var declaresEntities = false

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: TextEncoding.mark) { position = 3 }
  }

  /// The next tag or text; nil at the end or where the document breaks off.
  package mutating func next() -> Event? {
    if let name = pendingEnd {
      pendingEnd = nil
      return .end(name)
    }
    while position < bytes.count {
      if bytes[position] != UInt8(ascii: "<") {
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") { position += 1 }
        return .text(Self.decoded(bytes[start..<position]))
      }
      if matches("<![CDATA[") {
        let start = position + 9
        let end = find("]]>", from: start)
        position = min(bytes.count, end + 3)
        return .text(String(decoding: bytes[start..<max(start, end)], as: UTF8.self))
      }
      if matches("<!--") {
        position = min(bytes.count, find("-->", from: position + 4) + 3)
        continue
      }
      if matches("<!") {
        skipDeclaration()
        continue
      }
      if matches("<?") {
        position = min(bytes.count, find("?>", from: position + 2) + 2)
        continue
      }
      return tag()
    }
    return nil
  }

  private mutating func tag() -> Event? {
    position += 1
    let isEnd = position < bytes.count && bytes[position] == UInt8(ascii: "/")
    if isEnd { position += 1 }
    let name = self.name()
    var attributes: [String: String] = [:]
    while position < bytes.count {
      skipSpace()
      guard position < bytes.count else { return nil }
      if bytes[position] == UInt8(ascii: ">") {
        position += 1
        return isEnd ? .end(name) : .start(name, attributes)
      }
      if bytes[position] == UInt8(ascii: "/") {
        position += 1
        if position < bytes.count, bytes[position] == UInt8(ascii: ">") {
          position += 1
          pendingEnd = name
          return .start(name, attributes)
        }
        continue
      }
      let key = self.name()
      if key.isEmpty {
        position += 1
        continue
      }
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "=") else { continue }
      position += 1
      skipSpace()
      guard position < bytes.count else { return nil }
      let quote = bytes[position]
      guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { continue }
      position += 1
      let start = position
      while position < bytes.count, bytes[position] != quote { position += 1 }
      attributes[key] = Self.decoded(bytes[start..<position])
      position += 1
    }
    return nil
  }

  private mutating func name() -> String {
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte <= 0x20 || byte == UInt8(ascii: "=") || byte == UInt8(ascii: ">")
        || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "<") || byte == UInt8(ascii: "\"")
      {
        break
      }
      position += 1
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func skipSpace() {
    while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
  }

  /// Passes over `<!DOCTYPE … [ … ]>`.
  private mutating func skipDeclaration() {
    var depth = 0
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "[") { depth += 1 }
      if byte == UInt8(ascii: "]") { depth -= 1 }
      if byte == UInt8(ascii: ">"), depth <= 0 { break }
    }
    let text = String(decoding: bytes[start..<position].prefix(1 << 20), as: UTF8.self)
    if text.contains("<!ENTITY") { declaresEntities = true }
  }

  private func matches(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { buffer in
      bytes.count - position >= buffer.count
        && bytes[position..<position + buffer.count].elementsEqual(buffer)
    }
  }

  private func find(_ text: StaticString, from start: Int) -> Int {
    text.withUTF8Buffer { buffer in
      var index = start
      while index + buffer.count <= bytes.count {
        if bytes[index] == buffer[0], bytes[index..<index + buffer.count].elementsEqual(buffer) {
          return index
        }
        index += 1
      }
      return bytes.count
    }
  }

  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
    guard bytes.contains(UInt8(ascii: "&")) else { return String(decoding: bytes, as: UTF8.self) }
    var result = String.UnicodeScalarView()
    var rest = String(decoding: bytes, as: UTF8.self).unicodeScalars[...]
    while let start = rest.firstIndex(of: "&") {
      result.append(contentsOf: rest[..<start])
      rest = rest[start...]
      guard let end = rest.prefix(12).firstIndex(of: ";"),
        let scalar = entity(String(rest[rest.index(after: start)..<end]))
      else {
        result.append("&")
        rest = rest.dropFirst()
        continue
      }
      result.append(scalar)
      rest = rest[rest.index(after: end)...]
    }
    result.append(contentsOf: rest)
    return String(result)
  }

  private static func entity(_ name: String) -> Unicode.Scalar? {
    switch name {
    case "amp": "&"
    case "lt": "<"
    case "gt": ">"
    case "quot": "\""
    case "apos": "'"
    default:
      if name.hasPrefix("#x") || name.hasPrefix("#X") {
        UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
      } else if name.hasPrefix("#") {
        UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init)
      } else {
        nil
      }
    }
  }
}
