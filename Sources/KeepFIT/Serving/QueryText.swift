/// The `name=value` pairs of a query, decoded.
package enum QueryText {
  /// The most pairs of a query.
  private static let mostPairs = 400

  /// - Parameter text: what follows the question mark.
  /// - Throws: ``ServiceError`` for a broken escape, text that is not UTF-8, and a pair without a name.
  package static func pairs(
    of text: some StringProtocol
  ) throws(ServiceError) -> [(name: String, value: String)] {
    guard !text.isEmpty else { return [] }
    let pieces = text.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
    guard pieces.count <= mostPairs else {
      throw ServiceError(400, "the query has more than \(mostPairs) parameters")
    }
    var pairs: [(name: String, value: String)] = []
    for piece in pieces {
      let parts = piece.split(
        separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      let name = try decoded(parts[0])
      guard !name.isEmpty else {
        throw ServiceError(400, "the query has a parameter without a name")
      }
      pairs.append((name, parts.count > 1 ? try decoded(parts[1]) : ""))
    }
    return pairs
  }

  private static func decoded(
    _ bytes: some Collection<UInt8>
  ) throws(ServiceError) -> String {
    var result: [UInt8] = []
    var rest = Array(bytes)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): result.append(0x20)
      case UInt8(ascii: "%"):
        guard rest.count >= 2, let high = hexadecimal(rest.removeFirst()),
          let low = hexadecimal(rest.removeFirst())
        else { throw ServiceError(400, "the query has a '%' without two hexadecimal digits") }
        result.append(high << 4 | low)
      default: result.append(byte)
      }
    }
    guard !result.contains(0), let text = String(validating: result, as: UTF8.self) else {
      throw ServiceError(400, "the query is not UTF-8 text")
    }
    return text
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
  }
}
