import Foundation

/// The one way from `Encodable` values to JSON text, for files as well as for standard output.
///
/// The keys of objects are sorted and slashes are left as they are, so that equal values give equal
/// texts. JSON has no NaN and no infinity: a number that is not finite is written as `null`, which every
/// JSON reader accepts. A property that may be undefined is optional, so that it reads back as nil.
package enum JSONText {
  /// The placeholder of such a number in the encoder's output; it uses private-use characters, so that it
  /// cannot collide with real text.
  private static let notFinite = "\u{F8F0}not finite\u{F8F1}"

  /// The JSON text of a value, on one line or with one member per line, without a newline at its end.
  /// - Throws: `EncodingError` where the value's own `encode(to:)` throws.
  package static func encode(_ value: some Encodable, pretty: Bool = false) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: notFinite, negativeInfinity: notFinite, nan: notFinite)
    return String(decoding: try encoder.encode(value), as: UTF8.self)
      .replacingOccurrences(of: "\"\(notFinite)\"", with: "null")
  }
}
