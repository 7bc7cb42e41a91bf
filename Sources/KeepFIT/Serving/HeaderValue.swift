/// A header such as `form-data; name="image"`: a value and its parameters.
struct HeaderValue {
  /// The value, in small letters.
  let value: String
  /// The parameters by their names in small letters.
  let parameters: [String: String]

  /// - Parameters:
  ///   - text: the header.
  ///   - name: the name of the header, for messages.
  /// - Throws: ``ServiceError`` for a malformed header or one that names a parameter twice.
  init(_ text: String, name: String) throws(ServiceError) {
    func failure(_ problem: String) -> ServiceError {
      ServiceError(400, "the header \(name) \(problem)")
    }
    var rest = text.unicodeScalars[...]
    func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }
    func word(until end: (Unicode.Scalar) -> Bool) -> String {
      let piece = rest.prefix { !end($0) }
      rest = rest.dropFirst(piece.count)
      return String(String.UnicodeScalarView(piece)).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    value = word { $0 == ";" }.lowercased()
    guard !value.isEmpty else { throw failure("is empty") }
    var found: [String: String] = [:]
    while rest.popFirst() != nil {
      rest = rest.drop(while: isSpace)
      if rest.isEmpty { break }
      let key = word { $0 == "=" || $0 == ";" }.lowercased()
      guard !key.isEmpty, rest.popFirst() == "=" else { throw failure("has a broken parameter") }
      var text = ""
      if rest.first == "\"" {
        rest.removeFirst()
        var isClosed = false
        while let scalar = rest.popFirst() {
          if scalar == "\"" {
            isClosed = true
            break
          }
          // Browsers escape quotes as %22 and leave backslashes as they are; others escape with a backslash.
          if scalar == "\\", rest.first == "\"" || rest.first == "\\" {
            text.unicodeScalars.append(rest.removeFirst())
          } else {
            text.unicodeScalars.append(scalar)
          }
        }
        rest = rest.drop(while: isSpace)
        guard isClosed, rest.isEmpty || rest.first == ";" else {
          throw failure("has a broken parameter '\(key.quotable(limit: 40))'")
        }
      } else {
        text = word { $0 == ";" }
      }
      guard found.updateValue(text, forKey: key) == nil else {
        throw failure("has the parameter '\(key.quotable(limit: 40))' twice")
      }
    }
    parameters = found
  }
}
