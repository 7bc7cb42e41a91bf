import Foundation

/// The caption of a figure as it stands in a book: a number, and text in one or two languages.
public struct FigureCaption: Sendable, Hashable {
  /// The figure's number without padding, such as `5-3-1`.
  public let figure: String
  /// The Chinese text without its number; empty if there is none.
  public let chinese: String
  /// The English text without its number; empty if there is none.
  public let english: String

  /// A caption.
  public init(figure: String, english: String = "", chinese: String = "") {
    self.figure = figure
    self.chinese = chinese
    self.english = english
  }

  /// Parses a paragraph: `图5-3-1 中文 Fig. 5-3-1 English`, either half alone, or `FIGURE 2-12. English`.
  ///
  /// Spaces after 图 are allowed, unlike in the released scripts, where such captions lose their number
  /// and overwrite one another.
  /// - Returns: nil for a paragraph that is no caption.
  public init?(paragraph: String) {
    let text = paragraph.trimmed
    if text.hasPrefix("图"), let (number, rest) = Self.number(text.dropFirst()) {
      // References to other figures are common: the half with the same number is the translation.
      let halves = Self.englishHalves(of: rest)
      if let half = halves.first(where: { $0.figure == number }) ?? halves.last {
        self.init(
          figure: number, english: half.text, chinese: String(rest[..<half.start]).trimmed)
      } else {
        self.init(figure: number, chinese: String(rest).trimmed)
      }
    } else if let half = Self.englishHalves(of: text[...]).first, half.start == text.startIndex {
      self.init(figure: half.figure, english: half.text)
    } else {
      return nil
    }
  }

  /// Where English captions may begin: a word `Fig` or `Figure` at the start of a sentence, with a number
  /// and a text.
  private static func englishHalves(of text: Substring) -> [(
    start: Substring.Index, figure: String, text: String
  )] {
    var halves: [(start: Substring.Index, figure: String, text: String)] = []
    var from = text.startIndex
    while let mark = text[from...].range(of: "fig", options: .caseInsensitive) {
      from = mark.upperBound
      let isWordStart =
        mark.lowerBound == text.startIndex
        || text[text.index(before: mark.lowerBound)].isWhitespace
        || "。.；;)）".contains(text[text.index(before: mark.lowerBound)])
      var rest = text[mark.upperBound...]
      if rest.lowercased().hasPrefix("ure") { rest = rest.dropFirst(3) }
      rest = rest.drop { $0 == "." || $0 == "．" || $0.isWhitespace }
      if isWordStart, text[mark].first == "F", let (number, tail) = number(rest),
        tail.contains(where: \.isLetter)
      {
        halves.append((mark.lowerBound, number, String(tail).trimmed))
      }
    }
    return halves
  }

  /// A number of at least two levels at the start, without padding, and what follows it.
  private static func number(_ text: Substring) -> (String, Substring)? {
    let start = text.drop(while: \.isWhitespace)
    let run = start.prefix { ($0.isASCII && $0.isNumber) || $0 == "-" || $0 == "–" }
    let levels = run.split(whereSeparator: { $0 == "-" || $0 == "–" }).compactMap { Int($0) }
    guard levels.count >= 2 else { return nil }
    let rest = start[run.endIndex...].drop { $0 == "." || $0 == "．" || $0.isWhitespace }
    return (levels.map(String.init).joined(separator: "-"), rest)
  }
}
