import FundusModels

/// The tokenization of texts for the scores. Nothing is lowercased, cleaned or normalized.
enum ScoringTokens {
  /// The runs of characters between white space, as Python's `str.split()` gives them: the words of BLEU
  /// and CIDEr-D.
  static func words(_ text: String) -> [String] {
    split(text, omittingEmpty: true, at: PythonText.isSpace)
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
}
