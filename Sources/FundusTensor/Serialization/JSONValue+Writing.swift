extension JSONValue {
  /// The JSON text: compact, or with one member per line. A number that is not finite becomes `null`, as in
  /// ``JSONText``.
  package func serialized(pretty: Bool = false) -> String {
    var result = ""
    write(into: &result, indentation: pretty ? 0 : nil)
    return result
  }

  private func write(into result: inout String, indentation: Int?) {
    switch self {
    case .null: result += "null"
    case .bool(let value): result += value ? "true" : "false"
    case .integer(let value): result += String(value)
    case .number(let value):
      guard value.isFinite else { return result += "null" }
      result += value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
    case .string(let text): Self.quote(text, into: &result)
    case .array(let elements):
      // Numbers stay on one line: shapes and sizes read better so.
      let isFlat = elements.allSatisfy { $0.integer != nil || $0.double != nil }
      Self.list(elements, "[", "]", into: &result, indentation: isFlat ? nil : indentation) {
        $0.write(into: &$1, indentation: $2)
      }
    case .object(let members):
      Self.list(members, "{", "}", into: &result, indentation: indentation) {
        Self.quote($0.name, into: &$1)
        $1 += $2 == nil ? ":" : ": "
        $0.value.write(into: &$1, indentation: $2)
      }
    }
  }

  private static func list<Element>(
    _ elements: [Element], _ open: String, _ close: String, into result: inout String,
    indentation: Int?, _ write: (Element, inout String, Int?) -> Void
  ) {
    result += open
    for (index, element) in elements.enumerated() {
      if index > 0 { result += "," }
      if let indentation {
        result += "\n" + String(repeating: "  ", count: indentation + 1)
      }
      write(element, &result, indentation.map { $0 + 1 })
    }
    if let indentation, !elements.isEmpty {
      result += "\n" + String(repeating: "  ", count: indentation)
    }
    result += close
  }

  private static func quote(_ text: String, into result: inout String) {
    result += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    result += "\""
  }
}
