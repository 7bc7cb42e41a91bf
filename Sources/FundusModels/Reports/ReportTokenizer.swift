/// Cleans angiography reports and splits them into words, as in the training of FFA-IR's models.
///
/// The rules are those of R2Gen and its descendants: enumerators and most punctuation are removed, sentences
/// are separated by the word `.`, and everything is lowercased. Whitespace, stripping and lowercasing follow
/// Python's `str` methods on Unicode scalars, so that the vocabulary equals one built in Python.
public enum ReportTokenizer {
  /// The words of a report; an empty report gives the one word `.`.
  ///
  ///     words(in: "1. Late leakage. 2. Disc: normal.")  // late leakage . disc normal .
  public static func words(in report: String) -> [String] {
    var words: [String] = []
    for sentence in sentences(of: Array(report.unicodeScalars)) {
      words += PythonText.split(cleaned(sentence)).map { word in
        var text = String.UnicodeScalarView()
        text.append(contentsOf: word)
        return String(text)
      }
      words.append(".")
    }
    return words
  }

  private typealias Scalars = [Unicode.Scalar]

  /// The lower-cased sentences of a report without its enumerators. Empty sentences stay.
  private static func sentences(of report: Scalars) -> [Scalars] {
    var text = replacing("\n", in: report, with: " ")
    for (pattern, replacement, passes) in [("__", "_", 7), ("  ", " ", 6), ("..", ".", 8)] {
      for _ in 0..<passes { text = replacing(pattern, in: text, with: replacement) }
    }
    text = replacing("1. ", in: text, with: "")
    for number in 2...5 { text = replacing(". \(number). ", in: text, with: ". ") }
    for number in 2...5 { text = replacing(" \(number). ", in: text, with: ". ") }
    return split(PythonText.lowercased(PythonText.stripped(text)), at: ". ")
  }

  private static func cleaned(_ sentence: Scalars) -> Scalars {
    let unquoted = sentence.filter { !quotes.contains($0) }
    return PythonText.lowercased(PythonText.stripped(unquoted)).filter { !punctuation.contains($0) }
  }

  private static let quotes = Set("\"/\\'".unicodeScalars)

  /// The class that the published expression names: its `:-[` is a range, so that `<=>@` go, capital
  /// letters too, and the hyphen stays.
  private static let punctuation = Set(".,?;*!%^&_+(){}[]:<=>@".unicodeScalars)
    .union((UInt32(0x41)...0x5A).compactMap(Unicode.Scalar.init))

  /// The text with every occurrence of a pattern replaced, from left to right without overlap.
  private static func replacing(
    _ pattern: String, in text: Scalars, with replacement: String
  ) -> Scalars {
    let replacement = Scalars(replacement.unicodeScalars)
    let parts = split(text, at: pattern)
    return parts.count == 1 ? text : Scalars(parts.joined(separator: replacement))
  }

  private static func split(_ text: Scalars, at separator: String) -> [Scalars] {
    let separator = Scalars(separator.unicodeScalars)
    var parts: [Scalars] = []
    var start = 0
    var position = 0
    while position + separator.count <= text.count {
      if text[position] == separator[0],
        text[position..<position + separator.count].elementsEqual(separator)
      {
        parts.append(Scalars(text[start..<position]))
        position += separator.count
        start = position
      } else {
        position += 1
      }
    }
    return parts + [Scalars(text[start...])]
  }
}
