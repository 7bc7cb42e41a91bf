/// Converts printed lines to plain text: words hyphenated at line ends are joined, soft hyphens removed, and
/// ligatures expanded. Everything else is preserved.
package struct PrintedText: Sendable {
  /// Words of the book with a hyphen inside of a line, in lower case: these keep it at a line's end.
  private var compounds: Set<String> = []

  package init() {}

  /// Learns which words have hyphens of their own.
  package init(lines: some Sequence<String>) {
    for line in lines where line.contains("-") {
      let words = line.split(separator: " ")
      for word in words.dropLast() {
        let bare = word.lowercased().trimmingPunctuation
        if bare.contains("-"), !bare.hasSuffix("-") { compounds.insert(bare) }
      }
    }
  }

  /// Joins lines to one text.
  package func joined(_ lines: [String]) -> String {
    var result = ""
    for line in lines {
      let line = Self.opened(line).trimmed
      if line.isEmpty { continue }
      guard let last = result.last else {
        result = line
        continue
      }
      let first = line.first!
      if last == "\u{AD}" || last == "-" || last == "‐" {
        let head = result.dropLast().suffix(while: { $0.isLetter || $0 == "-" })
        let tail = line.prefix { $0.isLetter || $0 == "-" }
        let isBroken =
          last == "\u{AD}"
          || first.isLowercase && (head.last?.isLowercase ?? false)
            && !compounds.contains("\(head)-\(tail)".lowercased())
        if isBroken { result.removeLast() }
        result += line
      } else if last == "–" || last == "—"
        || last == "/" && result.dropLast().last?.isLetter == true
        || last.isIdeograph || first.isIdeograph
      {
        result += line
      } else {
        result += " " + line
      }
    }
    return Self.clean(result)
  }

  /// A text without soft hyphens, with ligatures opened and single spaces.
  package static func clean(_ text: String) -> String {
    var result = ""
    var space = false
    for character in opened(text) where character != "\u{AD}" && character != "\u{200B}" {
      if character.isWhitespace {
        space = !result.isEmpty
        continue
      }
      if space { result += " " }
      space = false
      result.append(character)
    }
    return result
  }

  private static func opened(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { (0xFB00...0xFB06).contains($0.value) }) else {
      return text
    }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0xFB00: result.append(contentsOf: "ff".unicodeScalars)
      case 0xFB01: result.append(contentsOf: "fi".unicodeScalars)
      case 0xFB02: result.append(contentsOf: "fl".unicodeScalars)
      case 0xFB03: result.append(contentsOf: "ffi".unicodeScalars)
      case 0xFB04: result.append(contentsOf: "ffl".unicodeScalars)
      case 0xFB05, 0xFB06: result.append(contentsOf: "st".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// Whether a text is Chinese rather than English: ideographs are a sixth of its letters or more.
  package static func isChinese(_ text: String) -> Bool {
    var (ideographs, letters) = (0, 0)
    for scalar in text.unicodeScalars.prefix(2000) {
      if (0x4E00...0x9FFF).contains(scalar.value) {
        ideographs += 1
      } else if scalar.properties.isAlphabetic {
        letters += 1
      }
    }
    return ideographs * 5 >= letters && ideographs > 0
  }

  /// Ends of words whose ligature (ff, fi, fl) is lost where a font does not say what it stands for, as in
  /// "uorescein" and "signi cant".
  private static let torn: Set<String> = [
    "uorescein", "uorescence", "uorescent", "uid", "uids", "uent", "ammation", "ammatory",
    "ectivity", "ective", "uctuation", "oaters", "eld", "elds", "brosis", "brotic", "brous",
    "brovascular", "brin", "ber", "bers", "ndings", "nding", "signi", "speci", "cally", "ltration",
    "ltrate", "ltrates", "gure", "gures", "rst", "lling", "xation", "erent", "erential", "usion",
    "cation", "cations", "ciency", "culty",
  ]

  /// Whether words lack their ligatures.
  package static func hasLostLigatures(_ text: String) -> Bool {
    text.prefix(20_000).split { !$0.isLetter }.contains { torn.contains(String($0)) }
  }

  /// Whether characters look like text that was read in a wrong encoding.
  package static func hasStrayCharacters(_ text: String) -> Bool {
    var previous: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      if scalar == "\u{FFFD}" || (0xE000...0xF8FF).contains(scalar.value)
        || scalar.properties.generalCategory == .control
      {
        return true
      }
      // A degree sign or μ in UTF-8 that was read as GBK is 掳 or 渭.
      if scalar == "掳" || scalar == "渭", let previous, (0x30...0x39).contains(previous.value) {
        return true
      }
      previous = scalar
    }
    return false
  }
}

extension StringProtocol {
  /// The longest end of the text whose characters all pass.
  func suffix(while passes: (Character) -> Bool) -> SubSequence {
    var index = endIndex
    while index > startIndex, passes(self[self.index(before: index)]) {
      index = self.index(before: index)
    }
    return self[index...]
  }
}

extension String {
  var trimmingPunctuation: String {
    String(
      drop { !$0.isLetter && !$0.isNumber }.reversed().drop { !$0.isLetter && !$0.isNumber }
        .reversed())
  }
}
