/// Finds the captions of a book among its lines of text.
package struct CaptionFinder {
  let book: CollectedBook
  let configuration: BookConfiguration
  let printed: PrintedText
  /// Lines by page, without running heads.
  var lines: [[TextLine]] = []
  /// Which lines were taken, by page.
  var taken: [Set<Int>] = []
  /// How captions look: styles of paragraphs, or sizes with fonts.
  var captionLooks: Set<Look> = []
  /// Whether other text looks different from captions.
  var isDistinct = false

  /// The captions and the rest of the text of each page.
  package static func texts(
    of book: CollectedBook, configuration: BookConfiguration = .init()
  ) -> [PageText] {
    var finder = CaptionFinder(book, configuration)
    return finder.find()
  }

  private init(_ book: CollectedBook, _ configuration: BookConfiguration) {
    self.book = book
    self.configuration = configuration
    printed = PrintedText(lines: book.pages.lazy.flatMap { $0.lines.map(\.text) })
    let heads = Self.runningHeads(book)
    lines = book.pages.enumerated().map { index, page in
      page.lines.enumerated().filter { !heads[index].contains($0.offset) }.map(\.element)
        .sorted { ($0.box.top, $0.box.left) < ($1.box.top, $1.box.left) }
    }
    taken = lines.map { _ in [] }
  }

  /// Size and font of a line, or the style of a paragraph.
  struct Look: Hashable {
    let size: Int
    /// Empty for lines with Chinese, which is set in a font of its own beside any other.
    let font: String

    init(_ line: TextLine) {
      if line.isParagraph {
        (size, font) = (0, line.font)
        return
      }
      let parts = line.font.split(separator: " ")
      size = parts.last.flatMap { Int($0) } ?? Int((line.size * 3).rounded())
      // A line of both scripts has two fonts, of which one is known.
      let isLatin = !line.text.contains { $0.isIdeograph }
      font = isLatin ? parts.dropLast().joined(separator: " ") : ""
    }

    func hasOtherFont(than other: Look) -> Bool {
      !font.isEmpty && !other.font.isEmpty && font != other.font
    }
  }

  /// Whether a line looks like captions do.
  func looksLikeCaption(_ line: TextLine) -> Bool {
    let look = Look(line)
    if captionLooks.contains(look) { return true }
    // A font that no caption begins with, in the size of captions of the other script.
    let fonts = captionLooks.filter { $0.size == look.size }
    return !line.isParagraph && !fonts.isEmpty
      && (look.font.isEmpty || fonts.allSatisfy(\.font.isEmpty))
  }

  // MARK: - Running heads

  /// Lines at the upper or lower edge that are page numbers or return on other pages.
  private static func runningHeads(_ book: CollectedBook) -> [Set<Int>] {
    func bare(_ text: String) -> String { text.filter { !$0.isNumber && !$0.isWhitespace } }
    func isAtEdge(_ line: TextLine, _ page: CollectedPage) -> Bool {
      line.box.bottom < 0.1 * page.height || line.box.top > 0.9 * page.height
    }
    var pages: [String: Int] = [:]
    for page in book.pages where page.number > 0 {
      let texts = page.lines.filter { isAtEdge($0, page) }.map { bare($0.text) }
      for text in Set(texts) { pages[text, default: 0] += 1 }
    }
    return book.pages.map { page in
      guard page.number > 0 else { return [] }
      return Set(
        page.lines.indices.filter { index in
          let line = page.lines[index]
          guard isAtEdge(line, page) else { return false }
          let text = bare(line.text)
          if text.isEmpty { return true }
          if FigureLabel(Array(line.text.trimmed)) != nil, line.text.count > 20 { return false }
          return text.count < 80 && (pages[text] ?? 0) >= 2
        })
    }
  }

  // MARK: - Finding

  struct Start {
    let line: Int
    let label: FigureLabel
    /// How much the line looks like the start of a caption rather than of a sentence about a figure.
    let strength: Int
  }

  private mutating func find() -> [PageText] {
    var result = lines.map { _ in PageText() }
    for page in lines.indices { result[page].letters = takeLetters(page) }
    let starts = chosenStarts()
    for page in lines.indices {
      for start in starts[page] { taken[page].insert(start.line) }
    }
    learnLooks(starts)
    for page in lines.indices {
      for start in starts[page] {
        if let caption = caption(from: start, page: page) { result[page].captions.append(caption) }
      }
    }
    for page in lines.indices { result[page].captions = Self.merged(result[page].captions) }
    joinTranslations(&result)
    for page in lines.indices {
      result[page].body = lines[page].indices.filter { !taken[page].contains($0) }
        .map { lines[page][$0] }
    }
    markIncomplete(&result)
    markRepeated(&result)
    return result
  }

  /// Detects whether captions can be distinguished from other text by their appearance: then nearly all lines
  /// that look like one stand right below a label.
  private mutating func learnLooks(_ starts: [[Start]]) {
    var looks: [Look: Int] = [:]
    for page in lines.indices {
      for start in starts[page] { looks[Look(lines[page][start.line]), default: 0] += 1 }
    }
    let most = looks.values.max() ?? 0
    captionLooks = Set(looks.filter { $0.value * 10 >= most }.keys)
    var trial = self
    trial.isDistinct = true
    for page in lines.indices {
      for start in starts[page] { _ = trial.caption(from: start, page: page) }
    }
    var (all, own, other) = (0, 0, 0)
    for page in lines.indices {
      for index in lines[page].indices where lines[page][index].text.count > 3 {
        guard looksLikeCaption(lines[page][index]) else {
          other += 1
          continue
        }
        all += 1
        if trial.taken[page].contains(index) { own += 1 }
      }
    }
    // Where all text looks alike, that below captions is nearly all there is, but not theirs.
    let captions = starts.reduce(0) { $0 + $1.count }
    isDistinct = own * 100 >= all * 85 && other * 3 >= captions
  }

  /// Lines of nothing but letters of panels.
  private mutating func takeLetters(_ page: Int) -> [PrintedLetter] {
    guard !book.pages[page].images.isEmpty else { return [] }
    var result: [PrintedLetter] = []
    for (index, line) in lines[page].enumerated() where line.text.count <= 40 {
      let words = line.text.split(separator: " ")
      let letters = words.compactMap { Self.panelLetter($0) }
      guard !words.isEmpty, letters.count == words.count else { continue }
      taken[page].insert(index)
      for (place, letter) in letters.enumerated() {
        let box =
          line.words.count == words.count
          ? line.words[place] : line.isParagraph ? line.share(place, of: words.count) : line.box
        result.append(PrintedLetter(letter: letter, box: box))
      }
    }
    return result
  }

  /// `A`, `(A)`, `a)`, `A.`
  private static func panelLetter(_ word: Substring) -> String? {
    let bare = word.filter { !"()（）.．:：[]".contains($0) }
    guard bare.count == 1, word.count <= 3, let letter = bare.first, letter.isASCII, letter.isLetter
    else { return nil }
    return String(letter)
  }

  /// Lines that start captions, one a figure where the same number stands several times.
  private func chosenStarts() -> [[Start]] {
    var found: [[Start]] = lines.indices.map { page in
      lines[page].indices.compactMap { index in
        guard !taken[page].contains(index) else { return nil }
        return start(page: page, line: index)
      }
    }
    if configuration.labels == nil { narrow(&found) }
    var strongest: [String: Int] = [:]
    for start in found.joined() {
      strongest[start.label.key] = max(strongest[start.label.key] ?? 0, start.strength)
    }
    return found.map { starts in
      starts.filter { $0.strength >= 2 && $0.strength >= (strongest[$0.label.key] ?? 0) - 1 }
    }
  }

  /// Leaves out kinds of label that only sentences begin with.
  private func narrow(_ found: inout [[Start]]) {
    var counts: [FigureLabel.Style: (strong: Int, all: Int)] = [:]
    for start in found.joined() {
      counts[start.label.style, default: (0, 0)].all += 1
      if start.strength >= 3 { counts[start.label.style]!.strong += 1 }
    }
    let most = counts.values.map(\.strong).max() ?? 0
    found = found.map { starts in
      starts.filter { (counts[$0.label.style]?.strong ?? 0) * 20 >= most }
    }
  }

  private func start(page: Int, line index: Int) -> Start? {
    let line = lines[page][index]
    let text = Array(line.text.prefix(200).drop { $0.isWhitespace || "▲△■□●◆▶►".contains($0) })
    guard let label = FigureLabel(text) else { return nil }
    if let allowed = configuration.labels, !allowed.contains(label.style) { return nil }
    // A list of figures: dots that lead to the number of a page.
    if line.text.contains("....") || line.text.contains(". . .") || line.text.contains("……") {
      return nil
    }
    let rest = text.dropFirst(label.length)
    var strength = 2
    if label.number.contains("-") { strength += 1 }
    if label.isClosed { strength += 1 }
    if let first = rest.first {
      if first.isIdeograph {
        // "图1-2示…" is a sentence; a caption has a space or a mark behind its number.
        let head = String(rest.prefix(4))
        let isApart = label.length > 0 && text[label.length - 1].isWhitespace || label.isClosed
        let verbs = ["示", "所示", "显示", "可见", "，", "）", "、", "。", "；"]
        let others = ["中可", "中，", "中的", "中所", "中显", "和", "及", "与", "为", "是"]
        if (isApart ? verbs : verbs + others).contains(where: { head.hasPrefix($0) }) {
          strength -= 3
        }
      } else if !label.isClosed, first.isLowercase, rest.dropFirst().first?.isLetter == true {
        // "Figure 2-1 shows …" is a sentence; few captions begin with a small letter.
        strength -= Self.sentenceWords.contains(String(rest.prefix { $0.isLetter })) ? 3 : 1
      } else if ",;)".contains(first) {
        strength -= label.letters.isEmpty ? 3 : 1
      }
    }
    if !line.isParagraph {
      if let above = lineAbove(page: page, line: index) {
        let gap = line.box.top - above.box.bottom
        let isClose = gap < 0.55 * line.size
        let sameLook =
          Look(above).size == Look(line).size && !Look(above).hasOtherFont(than: Look(line))
          || PrintedText.isChinese(above.text) != PrintedText.isChinese(line.text)
        let ends = above.text.last.map { ".。．!?！？:：".contains($0) } ?? false
        let aboveStarts = FigureLabel(Array(above.text.prefix(60))) != nil
        if isClose, !aboveStarts {
          strength -= sameLook ? (ends ? 2 : 4) : 1
          // The last line of a paragraph is short.
          if ends, above.box.right < line.box.right - 2 * line.size { strength += 1 }
        }
      }
    }
    return Start(line: index, label: label, strength: strength)
  }

  /// Words with which a sentence about a figure continues after its number.
  private static let sentenceWords: Set<String> = [
    "show", "shows", "showed", "shown", "is", "are", "was", "were", "and", "or", "to", "in", "on",
    "of",
    "for", "with", "from", "illustrates", "illustrate", "demonstrates", "demonstrate", "depicts",
    "depict", "presents", "present", "reveals", "reveal", "displays", "gives", "summarizes",
    "which",
    "that", "has", "have", "can", "may", "also", "as", "at", "by", "compares", "describes",
    "provides",
  ]

  private func lineAbove(page: Int, line index: Int) -> TextLine? {
    let line = lines[page][index]
    return lines[page][..<index].enumerated().filter { place, other in
      !taken[page].contains(place) && other.box.middleY < line.box.top
        && other.box.overlapX(line.box) > 0.3 * min(other.box.width, line.box.width)
    }.map(\.element).max { $0.box.bottom < $1.box.bottom }
  }
}

extension TextLine {
  /// One of several equal shares of the line, for words without places of their own.
  fileprivate func share(_ index: Int, of count: Int) -> Box {
    let step = box.width / Double(count)
    return Box(
      left: box.left + step * Double(index), top: box.top,
      right: box.left + step * Double(index + 1),
      bottom: box.bottom)
  }
}
