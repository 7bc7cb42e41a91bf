import Foundation

/// A text as sentences of lower-case words, for the search for findings.
enum FindingText {
  /// A sentence: its words, and before which of them a comma stands.
  struct Sentence {
    var words: [String] = []
    var commas: Set<Int> = []
  }

  /// The sentences of a text. They end at . ; ! ? and line ends; a dot between digits ends none.
  static func sentences(of text: String) -> [Sentence] {
    var sentences: [Sentence] = []
    var current = Sentence()
    var word = String.UnicodeScalarView()
    func closeWord() {
      if !word.isEmpty { current.words.append(String(word).lowercased()) }
      word = .init()
    }
    let scalars = Array(text.unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
      if isWordScalar(scalar) {
        word.append(scalar)
        continue
      }
      if scalar == ".", isDigit(scalars, index - 1), isDigit(scalars, index + 1) {
        word.append(scalar)
        continue
      }
      closeWord()
      switch scalar {
      case ",": current.commas.insert(current.words.count)
      case ".", ";", "!", "?", "\n", "\r", "。", "；":
        if !current.words.isEmpty { sentences.append(current) }
        current = Sentence()
      default: break
      }
    }
    closeWord()
    if !current.words.isEmpty { sentences.append(current) }
    return sentences
  }

  /// The words of a term of a lexicon.
  static func words(of term: String, keepingStars: Bool) -> [String] {
    term.unicodeScalars.split { !isWordScalar($0) && !(keepingStars && $0 == "*") }
      .map { String(String.UnicodeScalarView($0)).lowercased() }
  }

  private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case 0..<0x80: false
    default: scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }
  }

  private static func isDigit(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
    scalars.indices.contains(index) && (0x30...0x39).contains(scalars[index].value)
  }
}
