import Foundation

/// Cuts the caption of a figure into the texts of its panels.
///
/// Panels are marked by a letter and a dot (`A.`, `A．`), a comma, a colon or in parentheses, in capitals or
/// small letters. Marks count only in the order A, B, C … from A on, so that `FFA.` and a lone `type B.`
/// are none. One mark may stand for several panels: `A–C.`, `A, B.`, `A and B,`, `A、B．`. What precedes
/// the first mark is the title of all.
public enum CaptionSplitter {
  /// A caption in parts.
  public struct Parts: Sendable, Hashable {
    /// What stands before the first mark; empty if nothing does.
    public let title: String
    /// The text of each panel by its capital letter, without the mark.
    public let panels: [Character: String]
    /// Whether marks are small letters.
    public let isLowercase: Bool
    /// Whether marks follow the words that they belong to, as in "photograph (A) and angiogram (B)";
    /// then every panel has the whole caption.
    public let followsWords: Bool

    /// The panels' capital letters in order.
    public var letters: [Character] { panels.keys.sorted() }

    /// The letter of a panel as printed.
    public func printed(_ letter: Character) -> String {
      isLowercase ? letter.lowercased() : letter.uppercased()
    }

    /// The text for a panel, with the title in front; nil for a panel that is not marked.
    public func text(ofPanel letter: Character) -> String? {
      guard let text = panels[Character(letter.uppercased())] else { return nil }
      if title.isEmpty || followsWords { return text }
      return title + (title.last?.isIdeograph == true ? "" : " ") + text
    }
  }

  /// Cuts a caption; nil when it marks no panels, or only one.
  /// - Parameters:
  ///   - caption: the text without the figure's label.
  ///   - expected: how many panels the figure seems to have; of several readings, the one with as many
  ///     marks is taken. Nil if unknown.
  public static func split(_ caption: String, expecting expected: Int? = nil) -> Parts? {
    let text = Array(caption.prefix(20_000))
    var readings: [(marks: [Mark], isLowercase: Bool)] = []
    for start in Start.allCases {
      for base in [UInt8(ascii: "A"), UInt8(ascii: "a")] {
        for style in Style.allCases {
          let marks = self.marks(in: text, style: style, base: base, start: start)
          if let last = marks.last, last.letters.upperBound >= 2, areSound(marks, in: text) {
            readings.append((marks, base == UInt8(ascii: "a")))
          }
        }
      }
      // A stricter reading is trusted before a looser one.
      if expected == nil, !readings.isEmpty { break }
    }
    let fitting = readings.first { $0.marks.last?.letters.upperBound == expected }
    // Without one that fits, the first kind of start that gave a reading, the longest one of it.
    let best =
      fitting
      ?? readings.reduce(nil as (marks: [Mark], isLowercase: Bool)?) { best, next in
        guard let best else { return next }
        guard best.marks[0].kind == next.marks[0].kind else { return best }
        func count(_ marks: [Mark]) -> Int { marks.last?.letters.upperBound ?? 0 }
        return count(next.marks) > count(best.marks) ? next : best
      }
    guard let best, let first = best.marks.first else { return trailing(text) }
    var panels: [Character: String] = [:]
    for (index, mark) in best.marks.enumerated() {
      let end = index + 1 < best.marks.count ? best.marks[index + 1].start : text.count
      let part = String(text[mark.end..<end]).trimmed
      for letter in mark.letters { panels[Self.letter(letter)] = part }
    }
    return Parts(
      title: String(text[..<first.start]).trimmed, panels: panels, isLowercase: best.isLowercase,
      followsWords: false)
  }

  // MARK: - Marks

  /// Whether a text has something like a mark of one of the first panels at the start of a sentence. In the
  /// text of a panel, or of a caption that is not cut, it says that marks were misread.
  package static func hasStrayMark(_ text: String, panels: Int) -> Bool {
    let text = Array(text.prefix(20_000))
    guard !text.isEmpty else { return false }
    return text.indices.contains { position in
      guard mayStartMark(text, position, anywhere: false) else { return false }
      return [UInt8(ascii: "A"), UInt8(ascii: "a")].contains { base in
        Style.allCases.contains { style in
          (0..<max(2, panels)).contains { index in
            mark(in: text, at: position, style: style, base: base, expected: index) != nil
          }
        }
      }
    }
  }

  private enum Style: CaseIterable { case dot, parentheses, comma }

  /// Where marks may stand: at starts of sentences; the first one anywhere; all after any word.
  private enum Start: CaseIterable { case sentences, sentencesAfterTitle, words }

  /// A mark: where it starts and ends, and the panels that it names, counted from 0.
  private struct Mark {
    let start: Int
    let end: Int
    let letters: Range<Int>
    let kind: Start
  }

  private static func letter(_ index: Int) -> Character {
    Character(Unicode.Scalar(UInt8(ascii: "A") + UInt8(index)))
  }

  private static func marks(
    in text: [Character], style: Style, base: UInt8, start: Start
  ) -> [Mark] {
    var marks: [Mark] = []
    var next = 0
    var position = 0
    while position < text.count, next < 26 {
      let anywhere = start == .words || start == .sentencesAfterTitle && marks.isEmpty
      if mayStartMark(text, position, anywhere: anywhere),
        let (end, letters) = mark(in: text, at: position, style: style, base: base, expected: next)
      {
        marks.append(Mark(start: position, end: end, letters: letters, kind: start))
        next = letters.upperBound
        position = end
      } else {
        position += 1
      }
    }
    return marks
  }

  /// Whether every mark has words, and marks in parentheses lead theirs.
  private static func areSound(_ marks: [Mark], in text: [Character]) -> Bool {
    for (index, mark) in marks.enumerated() {
      let end = index + 1 < marks.count ? marks[index + 1].start : text.count
      let words = text[mark.end..<end]
      guard words.contains(where: { $0.isLetter || $0.isNumber }) else {
        return false
      }
      if text[mark.end - 1] == ")" || text[mark.end - 1] == "）" {
        guard let first = words.first(where: { !$0.isWhitespace }) else { return false }
        // "photograph (A) and angiogram (B)": the words come before their mark.
        if ",，、;；.。和及与".contains(first) { return false }
        let word = String(words.drop { $0.isWhitespace }.prefix { $0.isLetter })
        if mark.kind != .sentences, Self.connectives.contains(word) { return false }
      }
    }
    return true
  }

  /// Words with which a sentence continues after a mark that follows its words.
  private static let connectives: Set<String> = [
    "and", "or", "of", "in", "on", "at", "to", "with", "without", "from", "for", "by", "as",
    "after",
    "before", "during", "is", "are", "was", "were", "show", "shows", "showing", "showed", "reveals",
    "demonstrates", "that", "which", "image", "images", "photograph", "angiogram", "scan",
  ]

  private static func mayStartMark(_ text: [Character], _ position: Int, anywhere: Bool) -> Bool {
    guard let last = text[..<position].lastIndex(where: { !$0.isWhitespace }) else { return true }
    if ".。．;；:：)）!?！？".contains(text[last]) { return true }
    guard anywhere else { return false }
    return text[position - 1].isWhitespace || ",，、".contains(text[position - 1])
      || text[position - 1].isIdeograph
  }

  private static func mark(
    in text: [Character], at start: Int, style: Style, base: UInt8, expected: Int
  ) -> (end: Int, letters: Range<Int>)? {
    var position = start
    func letter(_ index: Int) -> Int? {
      guard position < text.count, let value = text[position].asciiValue, value >= base,
        Int(value) - Int(base) < 26, index <= Int(value) - Int(base)
      else { return nil }
      return Int(value) - Int(base)
    }
    if style == .parentheses {
      if text[position] == "(" || text[position] == "（" {
        position += 1
      } else if !(position + 1 < text.count && ")）".contains(text[position + 1])) {
        return nil
      }
    }
    guard letter(expected) == expected else { return nil }
    position += 1
    var last = expected
    while let (width, isRange) = connector(text, position) {
      position += width
      guard let following = letter(last + 1), isRange || following == last + 1 else { return nil }
      last = following
      position += 1
    }
    guard position < text.count else { return nil }
    switch style {
    case .dot:
      guard ".．:：".contains(text[position]) else { return nil }
    case .parentheses:
      guard text[position] == ")" || text[position] == "）" else { return nil }
    case .comma:
      guard ",，、".contains(text[position]) else { return nil }
      // "A, B and C show …" is a sentence about panels, not a mark.
      guard position + 1 < text.count,
        text[position + 1].isWhitespace || text[position + 1].isIdeograph || text[position] != ","
      else { return nil }
    }
    // A number with a letter, an abbreviation such as "A.M.": no marks.
    if style == .dot, position + 1 < text.count, text[position] == ".",
      text[position + 1].isLetter, text[position + 1].isASCII,
      position + 2 < text.count, !text[position + 2].isLetter
    {
      return nil
    }
    return (position + 1, expected..<last + 1)
  }

  /// Whether the letters of one mark go on here: how many characters connect them, and whether they
  /// name a range.
  private static func connector(_ text: [Character], _ position: Int) -> (Int, isRange: Bool)? {
    let joined = String(text[position...].prefix(8))
    let candidates: [(String, Bool)] = [
      (" and ", false), (", and ", false), (" & ", false), (" to ", true), (" through ", true),
      ("、", false), ("和", false), ("及", false), ("与", false), (" – ", true), (" - ", true),
      ("–", true), ("-", true), ("—", true), ("－", true), ("~", true), ("～", true), ("至", true),
      (", ", false), (",", false), ("，", false),
    ]
    for (word, isRange) in candidates where joined.hasPrefix(word) {
      let after = position + word.count
      // The letter must stand alone: "A, Blood" is no list.
      guard after < text.count, text[after].isASCII, text[after].isLetter else { continue }
      if after + 1 < text.count, text[after + 1].isASCII,
        text[after + 1].isLetter || text[after + 1].isNumber
      {
        continue
      }
      // Nor "A, B超示…" (ultrasonography), but "A, B和C" is one.
      let next = after + 1 < text.count ? text[after + 1] : " "
      if "超型".contains(next) || word == ", " && next.isIdeograph && !"和及与至".contains(next) {
        continue
      }
      // "A, B-scan" is no list either, but "A, B-D" is one.
      if after + 3 < text.count, "-‐‑".contains(text[after + 1]), text[after + 2].isLetter,
        text[after + 3].isLetter
      {
        continue
      }
      return (word.count, isRange)
    }
    return nil
  }

  /// Marks in parentheses behind their words: every panel has the whole text.
  private static func trailing(_ text: [Character]) -> Parts? {
    for base in [UInt8(ascii: "A"), UInt8(ascii: "a")] {
      var next = 0
      var position = 0
      while position < text.count, next < 26 {
        if text[position] == "(" || text[position] == "（",
          let (end, letters) = mark(
            in: text, at: position, style: .parentheses, base: base, expected: next)
        {
          next = letters.upperBound
          position = end
        } else {
          position += 1
        }
      }
      if next >= 2 {
        let whole = String(text)
        return Parts(
          title: "",
          panels: Dictionary(uniqueKeysWithValues: (0..<next).map { (letter($0), whole) }),
          isLowercase: base == UInt8(ascii: "a"), followsWords: true)
      }
    }
    return nil
  }

  /// The part for a panel as the released script cuts it (book 3): from the first X anywhere to the last
  /// Y anywhere, where Y follows X; or from X and its dot to the end when there is no Y after X. The
  /// title is lost and letters of abbreviations misplace cuts; only for comparison.
  /// - Returns: nil where the script stops with an error.
  public static func releasedCut(_ caption: String, panel: Character) -> String? {
    guard let value = panel.asciiValue, let start = caption.firstIndex(of: panel) else {
      return nil
    }
    let following = Character(Unicode.Scalar(value + 1))
    if let end = caption[start...].lastIndex(of: following), end > start {
      return String(caption[start..<end])
    }
    for mark in ["\(panel).", "\(panel)．"] {
      if let range = caption.range(of: mark) { return String(caption[range.lowerBound...]) }
    }
    return nil
  }
}
