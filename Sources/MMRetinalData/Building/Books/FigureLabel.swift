/// The label that a caption begins with: `图5-3-1`, `Fig. 5-3-1`, `FIGURE 2-12.`, `Figure 7`.
public struct FigureLabel: Sendable, Hashable {
  /// The spelling of labels.
  public enum Style: String, Sendable, Hashable, Codable, CaseIterable {
    /// 图 with a number.
    case chinese = "图"
    /// `Fig.` with a number.
    case fig = "Fig."
    /// `Figure` with a number.
    case figure = "Figure"
    /// `FIGURE` with a number.
    case upperFigure = "FIGURE"
  }

  /// The spelling of the label.
  public let style: Style
  /// The number: digits joined by hyphens, padding as printed.
  public let number: String
  /// Letters right behind the number, such as `A` of `Fig. 5-3-1A`.
  public let letters: String
  /// Whether a mark of punctuation closes the label.
  public let isClosed: Bool
  /// How many characters the label takes, spaces and punctuation behind it included.
  public let length: Int

  /// The number without padding, for comparison.
  public var key: String { Self.key(number) }

  /// A number without padding.
  public static func key(_ number: String) -> String {
    number.split(separator: "-").map { part in
      let digits = part.drop { $0 == "0" }
      return digits.isEmpty ? "0" : String(digits)
    }.joined(separator: "-")
  }

  /// The label at `start`; nil if there is none.
  public init?(_ text: [Character], at start: Int = 0) {
    var position = start
    func peek(_ offset: Int = 0) -> Character? {
      position + offset < text.count ? text[position + offset] : nil
    }
    func skipSpaces() { while let c = peek(), c.isWhitespace { position += 1 } }
    guard let first = peek() else { return nil }
    if first == "图" || first == "圖" {
      style = .chinese
      position += 1
    } else if first == "F" || first == "Ｆ" {
      let word = String(text[position...].prefix(6))
      if word.hasPrefix("FIGURE") {
        (style, position) = (.upperFigure, position + 6)
      } else if word.hasPrefix("Figure") {
        (style, position) = (.figure, position + 6)
      } else if word.hasPrefix("FIG") || word.hasPrefix("Fig") {
        (style, position) = (.fig, position + 3)
        if peek() == "s" { return nil }
      } else {
        return nil
      }
      while let c = peek(), c == "." || c == "．" { position += 1 }
      if let c = peek(), c.isLetter { return nil }
    } else {
      return nil
    }
    skipSpaces()
    guard let (number, after) = Self.number(text, at: position) else { return nil }
    self.number = number
    position = after
    var letters = ""
    var ahead = position
    while ahead < text.count, ahead < position + 2, text[ahead].isASCII, text[ahead].isLetter {
      letters.append(text[ahead])
      ahead += 1
    }
    if !letters.isEmpty, ahead < text.count, text[ahead].isLetter, text[ahead].isASCII {
      letters = ""
    }
    self.letters = letters
    position += letters.count
    let closing = position
    while let c = peek(), c.isWhitespace || ".．。:：、|—–".contains(c) {
      // A dash or a comma of Chinese lists belongs to the text if text follows without a space.
      position += 1
    }
    isClosed = text[closing..<position].contains { !$0.isWhitespace }
    length = position - start
  }

  /// A number of one to four levels at `start`, and where it ends.
  static func number(_ text: [Character], at start: Int) -> (String, Int)? {
    var position = start
    var levels: [String] = []
    while levels.count < 4 {
      var digits = ""
      while position < text.count, let digit = digit(text[position]), digits.count < 5 {
        digits.append(digit)
        position += 1
      }
      guard !digits.isEmpty, digits.count < 5 else { return nil }
      levels.append(digits)
      // A dash or dot goes on only with a digit behind it.
      guard position + 1 < text.count, "-‐‑‒–—−－﹣.．·・~".contains(text[position]),
        Self.digit(text[position + 1]) != nil
      else { break }
      position += 1
    }
    return levels.isEmpty ? nil : (levels.joined(separator: "-"), position)
  }

  private static func digit(_ character: Character) -> Character? {
    guard let value = character.unicodeScalars.first?.value, character.unicodeScalars.count == 1
    else { return nil }
    if (0x30...0x39).contains(value) { return character }
    if (0xFF10...0xFF19).contains(value), let scalar = Unicode.Scalar(value - 0xFF10 + 0x30) {
      return Character(scalar)
    }
    return nil
  }

  /// Numbers of the figures that a text refers to, without padding, each once, in order.
  public static func references(in text: String) -> [String] {
    let characters = Array(text)
    var result: [String] = []
    for position in characters.indices where "图圖Ff".contains(characters[position]) {
      var piece = characters
      if characters[position] == "f" { piece[position] = "F" }
      if position > 0, characters[position].isASCII, characters[position - 1].isLetter,
        characters[position - 1].isASCII
      {
        continue
      }
      var label = FigureLabel(piece, at: position)
      if label == nil, piece[position...].starts(with: "Figs".map { $0 }) {
        piece.remove(at: position + 3)
        label = FigureLabel(piece, at: position)
      }
      if let label, !result.contains(label.key) { result.append(label.key) }
    }
    return result
  }
}
