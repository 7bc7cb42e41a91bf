/// Reads and writes lists of strings in Python syntax, such as `['glaucoma', "crohn's disease"]`.
///
/// The text is parsed by a closed grammar and never evaluated: a list of string literals, separated by commas
/// (a trailing comma is allowed), nothing else. Strings are in single or double quotes, with an optional
/// prefix `u` or `r` and Python's escapes; adjacent ones are concatenated.
public enum PythonListLiteral {
  /// The reason why a text is not a list of strings.
  public struct ParseError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The position of the problem, in Unicode scalars counted from 1.
    public let column: Int
    /// What was expected and what was found.
    public let message: String

    /// The message with its position.
    public var description: String { "\(message) (character \(column) of the list)" }
  }

  /// The strings of a list.
  /// - Throws: ``ParseError`` for anything but a list of string literals.
  public static func parse(_ text: String) throws(ParseError) -> [String] {
    var parser = Parser(text: Array(text.unicodeScalars))
    return try parser.list()
  }

  /// The list as written by Python's `repr`; the inverse of ``parse(_:)``.
  public static func text(_ strings: [String]) -> String {
    "[" + strings.map(quoted).joined(separator: ", ") + "]"
  }

  private static func quoted(_ string: String) -> String {
    let scalars = string.unicodeScalars
    let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in scalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case quote: result += "\\" + String(quote)
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\x" + (digits.count < 2 ? "0" : "") + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + String(quote)
  }
}

extension PythonListLiteral {
  private struct Parser {
    let text: [Unicode.Scalar]
    var position = 0

    var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    func failure(_ message: String, at place: Int? = nil) -> ParseError {
      ParseError(column: (place ?? position) + 1, message: message)
    }

    /// The text at the current position, for messages.
    var found: String {
      guard next != nil else { return "the end" }
      let rest = text[position...].prefix(20)
      var word = String.UnicodeScalarView()
      word.append(contentsOf: rest)
      return "'" + String(word).abbreviated(to: 20) + "'"
    }

    mutating func skipSpace() {
      while let scalar = next, scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" {
        position += 1
      }
    }

    mutating func list() throws(ParseError) -> [String] {
      skipSpace()
      guard next == "[" else {
        throw failure("expected a list of strings such as ['normal'], found \(found)")
      }
      position += 1
      var strings: [String] = []
      while true {
        skipSpace()
        if next == "]" { break }
        strings.append(try element())
        skipSpace()
        if next == "," {
          position += 1
        } else if next != "]" {
          throw failure("expected ',' or ']' after a string, found \(found)")
        }
      }
      position += 1
      skipSpace()
      guard next == nil else { throw failure("expected nothing after the list, found \(found)") }
      return strings
    }

    /// One or more adjacent string literals.
    mutating func element() throws(ParseError) -> String {
      var result = String.UnicodeScalarView()
      var isFirst = true
      while true {
        let start = position
        var isRaw = false
        if let scalar = next, "uUrR".unicodeScalars.contains(scalar), position + 1 < text.count,
          text[position + 1] == "'" || text[position + 1] == "\""
        {
          isRaw = scalar == "r" || scalar == "R"
          position += 1
        }
        guard let quote = next, quote == "'" || quote == "\"" else {
          position = start
          if isFirst { throw failure("expected a string in quotes, found \(found)") }
          return String(result)
        }
        position += 1
        try string(until: quote, isRaw: isRaw, openedAt: start, into: &result)
        isFirst = false
        skipSpace()
      }
    }

    mutating func string(
      until quote: Unicode.Scalar, isRaw: Bool, openedAt start: Int,
      into result: inout String.UnicodeScalarView
    ) throws(ParseError) {
      while let scalar = next {
        position += 1
        if scalar == quote { return }
        if scalar == "\n" || scalar == "\r" { break }
        if scalar != "\\" {
          result.append(scalar)
        } else if isRaw {
          result.append(scalar)
          if let following = next {
            result.append(following)
            position += 1
          }
        } else {
          try escape(into: &result)
        }
      }
      throw failure("the string opened here is never closed", at: start)
    }

    mutating func escape(into result: inout String.UnicodeScalarView) throws(ParseError) {
      guard let kind = next else { return }  // the caller reports the string as open
      position += 1
      switch kind {
      case "\\", "'", "\"": result.append(kind)
      case "n": result.append("\n")
      case "r": result.append("\r")
      case "t": result.append("\t")
      case "a": result.append("\u{7}")
      case "b": result.append("\u{8}")
      case "f": result.append("\u{C}")
      case "v": result.append("\u{B}")
      case "\n": break  // a continued line
      case "x": result.append(try hexadecimal(2))
      case "u": result.append(try basicPlane())
      case "U": result.append(try hexadecimal(8))
      case "0"..."7":
        var value = kind.value - 48
        var digits = 1
        while digits < 3, let digit = next, ("0"..."7").contains(digit) {
          value = value * 8 + digit.value - 48
          position += 1
          digits += 1
        }
        result.append(Unicode.Scalar(value)!)  // at most 0o777
      case "N": throw failure("character names (\\N{…}) are not supported", at: position - 2)
      default:
        // Python keeps the backslash of an unknown escape.
        result.append("\\")
        result.append(kind)
      }
    }

    /// `\uXXXX`, or two of them that form a surrogate pair.
    mutating func basicPlane() throws(ParseError) -> Unicode.Scalar {
      let start = position - 2
      let high = try digits(4)
      if (0xD800..<0xDC00).contains(high), position + 1 < text.count, text[position] == "\\",
        text[position + 1] == "u"
      {
        position += 2
        let low = try digits(4)
        if (0xDC00..<0xE000).contains(low) {
          return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))!
        }
      }
      guard let scalar = Unicode.Scalar(high) else {
        throw failure("half of a surrogate pair is not a character", at: start)
      }
      return scalar
    }

    mutating func hexadecimal(_ count: Int) throws(ParseError) -> Unicode.Scalar {
      let start = position - 2
      guard let scalar = Unicode.Scalar(try digits(count)) else {
        throw failure("the escape is not a Unicode character", at: start)
      }
      return scalar
    }

    mutating func digits(_ count: Int) throws(ParseError) -> UInt32 {
      let start = position - 2
      var value: UInt32 = 0
      for _ in 0..<count {
        guard let scalar = next, let digit = Character(scalar).hexDigitValue, scalar.isASCII else {
          throw failure("the escape needs \(count) hexadecimal digits", at: start)
        }
        value = value << 4 | UInt32(digit)
        position += 1
      }
      return value
    }
  }
}
