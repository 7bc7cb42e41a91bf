/// A bitmap font of 5 x 7 pixels for text in images, independent of installed fonts.
///
/// Contains printable ASCII; any other character is a box.
package enum BitmapFont {
  /// The advance of letters and lines in pixels.
  static let advance = 6
  static let lineHeight = 10

  /// The seven rows of a letter from the top, five bits each, the leftmost in the highest bit.
  package static func rows(of character: Character) -> [UInt8] {
    guard let code = character.asciiValue, (32...126).contains(code) else {
      return [31, 17, 17, 17, 17, 17, 31]
    }
    return glyphs[Int(code) - 32]
  }

  /// Wraps a text into lines of at most `letters` letters; longer words are split.
  package static func wrap(_ text: String, letters: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      var rest = word[...]
      if let last = lines.last, last.count + 1 + rest.count <= letters {
        lines[lines.count - 1] = last + " " + rest
        continue
      }
      repeat {
        lines.append(String(rest.prefix(letters)))
        rest = rest.dropFirst(letters)
      } while !rest.isEmpty
    }
    return lines
  }

  private static let glyphs: [[UInt8]] = packed.flatMap { line in
    line.split(separator: " ").map { glyph in
      var rows: [UInt8] = []
      var digits = glyph[...]
      while !digits.isEmpty {
        rows.append(UInt8(digits.prefix(2), radix: 16) ?? 0)
        digits = digits.dropFirst(2)
      }
      return rows
    }
  }

  /// The glyphs from space to tilde, two hexadecimal digits per row.
  private static let packed = [
    "00000000000000 04040404040004 0a0a0a00000000 0a0a1f0a1f0a0a 040f140e051e04 19190204081313",
    "0c12140815120d 04040400000000 02040808080402 08040202020408 0004150e150400 0004041f040400",
    "000000000c0408 0000001f000000 00000000000c0c 01010204081010 0e11131519110e 040c040404040e",
    "0e11010204081f 1f02040201110e 02060a121f0202 1f101e0101110e 0608101e11110e 1f010204040404",
    "0e11110e11110e 0e11110f01020c 000c0c000c0c00 000c0c000c0408 02040810080402 00001f001f0000",
    "08040201020408 0e110102040004 0e11010d15150e 0e11111f111111 1e11111e11111e 0e11101010110e",
    "1c12111111121c 1f10101e10101f 1f10101e101010 0e11101711110f 1111111f111111 0e04040404040e",
    "0702020202120c 11121418141211 1010101010101f 111b1515111111 11111915131111 0e11111111110e",
    "1e11111e101010 0e11111115120d 1e11111e141211 0f10100e01011e 1f040404040404 1111111111110e",
    "11111111110a04 1111111515150a 11110a040a1111 1111110a040404 1f01020408101f 0e08080808080e",
    "10100804020101 0e02020202020e 040a1100000000 0000000000001f 08040200000000 00000e010f110f",
    "1010161911111e 00000e1010110e 01010d1311110f 00000e111f100e 0609081c080808 000f11110f010e",
    "10101619111111 04000c0404040e 0200060202120c 10101214181412 0c04040404040e 00001a15151111",
    "00001619111111 00000e1111110e 00001e111e1010 00000d130f0101 00001619101010 00000e100e011e",
    "08081c08080906 0000111111130d 00001111110a04 0000111115150a 0000110a040a11 000011110f010e",
    "00001f0204081f 02040408040402 04040404040404 08040402040408 00000815020000",
  ]
}
