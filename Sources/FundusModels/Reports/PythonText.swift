/// Python's `str` methods on Unicode scalars: `isspace`, `strip`, `split` and `lower`.
///
/// Swift's own methods work on grapheme clusters and follow other definitions of white space, which
/// would split words elsewhere.
package enum PythonText {
  /// `str.isspace` of one character: category Zs, or bidirectional type WS, B or S.
  package static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
      0x205F, 0x3000:
      true
    default: false
    }
  }

  /// `str.strip()`.
  package static func stripped(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    guard let first = text.firstIndex(where: { !isSpace($0) }),
      let last = text.lastIndex(where: { !isSpace($0) })
    else { return [] }
    return Array(text[first...last])
  }

  /// `str.split()`: the runs between white space.
  package static func split(_ text: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
    text.split(whereSeparator: isSpace)
  }

  /// `str.lower()`: full case mapping; a capital sigma at the end of a word becomes the final sigma.
  package static func lowercased(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    for (index, scalar) in text.enumerated() {
      switch scalar.value {
      case 0x41...0x5A: result.append(Unicode.Scalar(UInt8(scalar.value + 32)))
      case 0..<0x80: result.append(scalar)
      case 0x3A3: result.append(isFinal(index, in: text) ? "\u{3C2}" : "\u{3C3}")
      default: result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      }
    }
    return result
  }

  /// Whether a sigma ends a word: the nearest scalar before it that is not case-ignorable is cased,
  /// the nearest after it is not.
  private static func isFinal(_ index: Int, in text: [Unicode.Scalar]) -> Bool {
    let before = text[..<index].last { !$0.properties.isCaseIgnorable }
    let after = text[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    return before?.properties.isCased == true && after?.properties.isCased != true
  }
}
