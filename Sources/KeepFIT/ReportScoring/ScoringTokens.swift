/// How the scores cut texts into words. Nothing is lower-cased, cleaned or normalized.
enum ScoringTokens {
  /// The runs of characters between white space, as Python's `str.split()` gives them: the words of BLEU
  /// and CIDEr-D.
  static func words(_ text: String) -> [String] {
    split(text, omittingEmpty: true) { isPythonSpace($0) }
  }

  /// The parts between single spaces, as Python's `str.split(" ")` gives them: the words of ROUGE-L. An
  /// empty text has one empty word.
  static func partsBetweenSpaces(_ text: String) -> [String] {
    split(text, omittingEmpty: false) { $0 == " " }
  }

  private static func split(
    _ text: String, omittingEmpty: Bool, at isSeparator: (Unicode.Scalar) -> Bool
  ) -> [String] {
    text.unicodeScalars.split(omittingEmptySubsequences: omittingEmpty, whereSeparator: isSeparator)
      .map { String(String.UnicodeScalarView($0)) }
  }

  /// Whether Python's `str.isspace` holds for the character.
  static func isPythonSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
      0x205F, 0x3000:
      true
    default: false
    }
  }
}
