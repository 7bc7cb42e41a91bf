extension BookCaption {
  /// Cuts a text behind a label where the same label stands again in the other language, as in
  /// `图5-3-1 中文 Fig. 5-3-1 English`.
  static func languages(
    of text: String, key: String, style: FigureLabel.Style
  ) -> [(text: String, style: FigureLabel.Style)] {
    let characters = Array(text)
    var candidates: [(start: Int, end: Int, label: FigureLabel)] = []
    for position in characters.indices where "图圖F".contains(characters[position]) {
      guard let label = FigureLabel(characters, at: position), label.key == key,
        (label.style == .chinese) != (style == .chinese)
      else { continue }
      let before = characters[..<position].last { !$0.isWhitespace }
      let isAfterWord =
        position > 0 && characters[position - 1].isASCII && characters[position - 1].isLetter
      let isReference = before.map { "(（,，、见如及与和参".contains($0) } ?? false
      let tail = String(characters[(position + label.length)...].prefix(400))
      // The other language begins here if the text changes to it.
      let head = String(characters[..<position].suffix(400))
      guard !isAfterWord, !isReference, !tail.trimmed.isEmpty,
        PrintedText.isChinese(tail) == (label.style == .chinese),
        head.trimmed.isEmpty || PrintedText.isChinese(head) != PrintedText.isChinese(tail)
      else { continue }
      candidates.append((position, position + label.length, label))
    }
    guard let cut = candidates.first else { return [(text, style)] }
    return [
      (PrintedText.clean(String(characters[..<cut.start])), style),
      (PrintedText.clean(String(characters[cut.end...])), cut.label.style),
    ]
  }

  /// Gives letters behind the number back to the text where they begin a list of marks, as in
  /// `Fig. 5-3-1A, B. Color photographs.`
  mutating func restoreMarks() {
    guard !letters.isEmpty else { return }
    func restored(_ text: String) -> String? {
      guard !text.isEmpty else { return nil }
      for whole in [letters + text, letters + ". " + text] where CaptionSplitter.split(whole) != nil
      {
        return whole
      }
      return nil
    }
    let (first, second) = (restored(english), restored(chinese))
    if first == nil && second == nil { return }
    if let first { english = first }
    if let second { chinese = second }
    letters = ""
  }
}
