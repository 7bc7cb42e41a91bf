extension JSONValue {
  /// A list of numbers in single precision, each with as many digits as tell it apart.
  package static func floats(_ values: [Float]) -> JSONValue { .array(values.map { .float($0) }) }

  /// A number in single precision; null for one that JSON cannot write.
  package static func float(_ value: Float) -> JSONValue {
    guard value.isFinite, let shortest = Double("\(value)") else { return .null }
    return .number(shortest)
  }

  /// A number; null for one that JSON cannot write.
  package static func double(_ value: Double) -> JSONValue {
    value.isFinite ? .number(value) : .null
  }
}
