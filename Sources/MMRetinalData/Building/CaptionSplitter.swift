import Foundation

/// Cuts the caption of a composite figure into the texts of its panels.
///
/// Panels are marked by a letter and a dot (`A.`, `A．`), a comma, a colon or in parentheses, in capitals or
/// small letters. Marks count only in the order A, B, C …, and only after the start, a space or the end
/// of a sentence, so that `FFA.` and `type B.` within a sentence do not. One mark may stand for several
/// panels: `A–C.`, `A, B.`, `A and B.`, `A、B．`. What precedes the first mark is the title of all.
public enum CaptionSplitter {
  /// A caption in parts.
  public struct Parts: Sendable, Hashable {
    /// What stands before the first mark; empty if nothing does.
    public let title: String
    /// The text of each panel by its capital letter, without the mark.
    public let panels: [Character: String]

    /// The text for a panel, with the title in front; nil for a panel that is not marked.
    public func text(ofPanel letter: Character) -> String? {
      guard let text = panels[Character(letter.uppercased())] else { return nil }
      if title.isEmpty { return text }
      let ends = title.last.map { ".。．!?！？;；:：".contains($0) } ?? false
      let isChinese = title.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) }
      return title + (ends ? "" : isChinese ? "。" : ".") + (isChinese ? "" : " ") + text
    }
  }

  /// Cuts a caption; nil when it marks no panels, or only one.
  public static func split(_ caption: String) -> Parts? {
    let text = Array(caption)
    var best: [Mark] = []
    // The list that reaches furthest wins; of equals, marks at the starts of sentences before marks
    // after any word ("in type C."), and capitals before small letters.
    for startsSentences in [true, false] {
      for style in Style.allCases {
        for base in [UInt8(ascii: "A"), UInt8(ascii: "a")] {
          let marks = self.marks(
            in: text, style: style, base: base, startsSentences: startsSentences)
          if (marks.last?.letters.upperBound ?? 0) > (best.last?.letters.upperBound ?? 0) {
            best = marks
          }
        }
      }
    }
    guard let first = best.first, let last = best.last, last.letters.upperBound >= 2 else {
      return nil
    }
    var panels: [Character: String] = [:]
    for (index, mark) in best.enumerated() {
      let end = index + 1 < best.count ? best[index + 1].start : text.count
      let part = String(text[mark.end..<end]).trimmed
      for letter in mark.letters {
        panels[Character(Unicode.Scalar(UInt8(ascii: "A") + UInt8(letter)))] = part
      }
    }
    return Parts(title: String(text[..<first.start]).trimmed, panels: panels)
  }

  private enum Style: CaseIterable {
    case dot, parentheses, comma
  }

  /// A mark: where it starts and ends, and the panels that it names, counted from 0.
  private struct Mark {
    let start: Int
    let end: Int
    let letters: Range<Int>
  }

  private static func marks(
    in text: [Character], style: Style, base: UInt8, startsSentences: Bool
  ) -> [Mark] {
    var marks: [Mark] = []
    var next = 0
    var position = 0
    while position < text.count, next < 26 {
      if mayStartMark(text, position, startsSentences: startsSentences),
        let mark = mark(in: text, at: position, style: style, base: base, expected: next)
      {
        marks.append(mark)
        next = mark.letters.upperBound
        position = mark.end
      } else {
        position += 1
      }
    }
    return marks
  }

  private static func mayStartMark(
    _ text: [Character], _ position: Int, startsSentences: Bool
  ) -> Bool {
    let before = text[..<position].last { !$0.isWhitespace }
    guard let before else { return true }
    if ".。．;；:：)）".contains(before) { return true }
    return !startsSentences && (text[position - 1].isWhitespace || ",，".contains(before))
  }

  private static func mark(
    in text: [Character], at start: Int, style: Style, base: UInt8, expected: Int
  ) -> Mark? {
    var position = start
    func letter(_ index: Int) -> Int? {
      guard position < text.count, let value = text[position].asciiValue, value >= base,
        Int(value) - Int(base) < 26, index <= Int(value) - Int(base)
      else { return nil }
      return Int(value) - Int(base)
    }
    if style == .parentheses {
      guard text[position] == "(" || text[position] == "（" else { return nil }
      position += 1
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
      guard ",，".contains(text[position]) else { return nil }
      // "A, B and C show …" is a sentence about panels, not a mark.
      guard position + 1 < text.count, text[position + 1].isWhitespace || text[position] == "，"
      else { return nil }
    }
    // A number with a letter, an abbreviation such as "A.M.": no marks.
    if style == .dot, position + 1 < text.count, text[position] == ".",
      text[position + 1].isLetter, text[position + 1].isASCII
    {
      return nil
    }
    return Mark(start: start, end: position + 1, letters: expected..<last + 1)
  }

  /// Whether the letters of one mark go on here: how many characters connect them, and whether they
  /// name a range.
  private static func connector(_ text: [Character], _ position: Int) -> (Int, isRange: Bool)? {
    let rest = text[position...].prefix(8)
    let joined = String(rest)
    let candidates: [(String, Bool)] = [
      (" and ", false), (" & ", false), (", and ", false), (" to ", true), ("、", false),
      ("和", false), ("–", true), ("-", true), ("—", true), ("~", true), ("～", true), ("至", true),
      (", ", false), (",", false), ("，", false),
    ]
    for (word, isRange) in candidates where joined.hasPrefix(word) {
      let after = position + word.count
      // The letter must stand alone: "A, Blood" is no list.
      guard after < text.count, text[after].isASCII, text[after].isLetter else { continue }
      if after + 1 < text.count, text[after + 1].isLetter, text[after + 1].isASCII { continue }
      return (word.count, isRange)
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
