/// Finds the captions of a book among its lines of text.
package struct CaptionFinder {
  private let book: CollectedBook
  private let configuration: BookConfiguration
  private let printed: PrintedText
  /// Lines by page, without running heads.
  private var lines: [[TextLine]] = []
  /// Which lines were taken, by page.
  private var taken: [Set<Int>] = []
  /// How captions look: styles of paragraphs, or sizes with fonts.
  private var captionLooks: Set<Look> = []
  /// Whether other text looks different from captions.
  private var isDistinct = false

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
  private struct Look: Hashable {
    let size: Int
    /// Empty for Chinese, which is set in a font of its own beside any other.
    let font: String

    init(_ line: TextLine) {
      if line.isParagraph {
        (size, font) = (0, line.font)
        return
      }
      let parts = line.font.split(separator: " ")
      let isChinese = PrintedText.isChinese(line.text)
      size = parts.last.flatMap { Int($0) } ?? Int((line.size * 3).rounded())
      font = isChinese ? "" : parts.dropLast().joined(separator: " ")
    }
  }

  /// Whether a line looks like captions do.
  private func looksLikeCaption(_ line: TextLine) -> Bool {
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

  private struct Start {
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
    for page in lines.indices {
      result[page].captions = Self.merged(result[page].captions)
      result[page].body = lines[page].indices.filter { !taken[page].contains($0) }
        .map { lines[page][$0] }
    }
    markRepeated(&result)
    return result
  }

  /// Finds out whether captions can be told from other text by their look: then nearly all lines that
  /// look like one stand right below a label.
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
    var (all, own) = (0, 0)
    for page in lines.indices {
      for index in lines[page].indices
      where looksLikeCaption(lines[page][index]) && lines[page][index].text.count > 3 {
        all += 1
        if trial.taken[page].contains(index) { own += 1 }
      }
    }
    isDistinct = own * 100 >= all * 85
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
        let head = String(rest.prefix(4))
        if ["示", "所示", "显示", "可见", "中", "和", "及", "与", "为", "，", "）", "、", "。", "；", "是"]
          .contains(where: { head.hasPrefix($0) })
        {
          strength -= 3
        }
      } else if !label.isClosed, first.isLowercase, rest.dropFirst().first?.isLetter == true {
        strength -= 3
      } else if ",;)".contains(first) {
        strength -= label.letters.isEmpty ? 3 : 1
      }
    }
    if !line.isParagraph {
      if let above = lineAbove(page: page, line: index) {
        let gap = line.box.top - above.box.bottom
        let isClose = gap < 0.55 * line.size
        let sameLook = Look(above) == Look(line) || PrintedText.isChinese(above.text) != PrintedText.isChinese(line.text)
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

  private func lineAbove(page: Int, line index: Int) -> TextLine? {
    let line = lines[page][index]
    return lines[page][..<index].enumerated().filter { place, other in
      !taken[page].contains(place) && other.box.middleY < line.box.top
        && other.box.overlapX(line.box) > 0.3 * min(other.box.width, line.box.width)
    }.map(\.element).max { $0.box.bottom < $1.box.bottom }
  }

  // MARK: - Captions

  private mutating func caption(from start: Start, page: Int) -> BookCaption? {
    var pieces = [(page: page, line: start.line)]
    var flags: Set<PairFlag> = book.pages[page].isRecognized ? [.recognizedText] : []
    extend(&pieces, page: page)
    // The caption may go on in the next column or on the next page.
    if lines[page][start.line].isParagraph == false, let last = pieces.last,
      !Self.ends(lines[last.page][last.line]), isLastInColumn(last.page, last.line),
      let next = continuation(of: last)
    {
      let isApart = isDistinct && looksLikeCaption(lines[next.page][next.line])
      pieces.append(next)
      taken[next.page].insert(next.line)
      extend(&pieces, page: next.page, untilSentenceEnds: !isApart)
      if !isApart { flags.insert(.unsureText) }
    }
    let own = pieces.filter { $0.page == page }.map { lines[page][$0.line].box }
    // Labels within the caption: the other language.
    var segments: [(label: FigureLabel?, lines: [String])] = []
    for (place, piece) in pieces.enumerated() {
      let text = Array(lines[piece.page][piece.line].text.drop { $0.isWhitespace || "▲△■□●◆▶►".contains($0) })
      if place == 0 {
        segments.append((start.label, [String(text.dropFirst(start.label.length))]))
      } else if let label = FigureLabel(text), label.key == start.label.key,
        label.style == .chinese || start.label.style == .chinese, label.style != start.label.style
      {
        segments.append((label, [String(text.dropFirst(label.length))]))
      } else {
        segments[segments.count - 1].lines.append(String(text))
      }
    }
    var caption = BookCaption(
      number: start.label.number, letters: start.label.letters, style: start.label.style, page: page,
      box: Box.around(own) ?? lines[page][start.line].box, english: "", chinese: "", flags: flags)
    for segment in segments { add(printed.joined(segment.lines), to: &caption) }
    caption.restoreMarks()
    return caption
  }

  /// Adds lines below the last one that belong to it.
  private mutating func extend(
    _ pieces: inout [(page: Int, line: Int)], page: Int, untilSentenceEnds: Bool = false
  ) {
    var pitch: Double?
    let images = book.pages[page].images.map(\.box)
    let first = pieces.last!
    var box = lines[page][first.line].box
    while let last = pieces.last {
      let line = lines[page][last.line]
      if untilSentenceEnds, Self.ends(line) { return }
      guard
        let next = lines[page].indices.filter({ index in
          let other = lines[page][index]
          return !taken[page].contains(index) && other.box.top > line.box.middleY
            && (other.box.overlapX(box) > 0.5 * min(other.box.width, box.width))
        }).min(by: { lines[page][$0].box.top < lines[page][$1].box.top })
      else { return }
      let other = lines[page][next]
      let gap = other.box.top - line.box.bottom
      if line.isParagraph {
        // The next paragraph goes on if it has the caption's own style or the next mark.
        let isSameStyle = isDistinct && Look(other) == Look(line)
        guard other.isParagraph, isSameStyle || startsWithMark(other.text),
          FigureLabel(Array(other.text.prefix(60))) == nil
            || isTranslation(other, of: lines[page][first.line]),
          !images.contains(where: { $0.middleY > line.box.top && $0.middleY < other.box.top })
        else { return }
      } else {
        guard gap < 0.75 * line.size, abs(other.size - line.size) < 0.35 * line.size,
          !images.contains(where: {
            $0.overlapX(other.box) > 0 && $0.top > line.box.middleY && $0.bottom < other.box.middleY
          })
        else { return }
        let distance = other.box.top - line.box.top
        if let pitch, distance > 1.3 * pitch, !startsWithMark(other.text) { return }
        let isMixed = PrintedText.isChinese(other.text) != PrintedText.isChinese(line.text)
        if let label = FigureLabel(Array(other.text.prefix(60))), label.number.contains("-"),
          label.isClosed || Self.ends(line), !isTranslation(other, of: lines[page][first.line]),
          !wasReference(other, after: line)
        {
          return
        }
        if isDistinct {
          if !looksLikeCaption(other) { return }
        } else if Look(other).size != Look(line).size || !isMixed && Look(other).font != Look(line).font
          || Self.ends(line) && isForcedBreak(line, other, right: box.right) && !startsWithMark(other.text)
            && !isTranslation(other, of: lines[page][first.line])
        {
          return
        }
        pitch = pitch.map { min($0, distance) } ?? distance
      }
      taken[page].insert(next)
      pieces.append((page, next))
      box = box.union(other.box)
    }
  }

  /// Whether a line ended although the next word would have fitted: the end of a paragraph.
  private func isForcedBreak(_ line: TextLine, _ next: TextLine, right: Double) -> Bool {
    let limit = max(right, next.box.right)
    let width =
      next.text.first?.isIdeograph == true ? 2 * next.size : (next.words.first?.width ?? 2 * next.size)
    return line.box.right + width + 1.2 * line.size < limit
  }

  private func wasReference(_ line: TextLine, after previous: TextLine) -> Bool {
    !Self.ends(previous)
  }

  private func isTranslation(_ line: TextLine, of first: TextLine) -> Bool {
    guard let other = FigureLabel(Array(line.text.prefix(60))),
      let own = FigureLabel(
        Array(first.text.prefix(60).drop { $0.isWhitespace || "▲△■□●◆▶►".contains($0) }))
    else { return false }
    return other.key == own.key && (other.style == .chinese) != (own.style == .chinese)
  }

  private func startsWithMark(_ text: String) -> Bool {
    let head = Array(text.prefix(4).drop { "(（".contains($0) })
    guard head.count >= 2, head[0].isASCII, head[0].isLetter else { return false }
    return ".．)）,，:：、".contains(head[1])
  }

  private static func ends(_ line: TextLine) -> Bool {
    guard let last = line.text.last(where: { !$0.isWhitespace }) else { return true }
    return ".。．!?！？".contains(last)
  }

  private func isLastInColumn(_ page: Int, _ index: Int) -> Bool {
    let line = lines[page][index]
    let below = lines[page].contains {
      $0.box.top > line.box.middleY && $0.box.overlapX(line.box) > 0.3 * min($0.box.width, line.box.width)
    }
    let images = book.pages[page].images.contains {
      $0.box.top > line.box.middleY && $0.box.overlapX(line.box) > 0.3 * line.box.width
    }
    return !below && !images
  }

  /// The line with which text goes on behind the end of a column.
  private func continuation(of piece: (page: Int, line: Int)) -> (page: Int, line: Int)? {
    let line = lines[piece.page][piece.line]
    func fits(_ page: Int, _ index: Int) -> Bool {
      let other = lines[page][index]
      return !taken[page].contains(index) && Look(other).size == Look(line).size
        && (looksLikeCaption(other) || !isDistinct)
        && FigureLabel(Array(other.text.prefix(60))) == nil
    }
    // The top of the column to the right.
    let right = lines[piece.page].indices.filter {
      lines[piece.page][$0].box.left > line.box.right - line.size
    }
    if let left = right.map({ lines[piece.page][$0].box.left }).min() {
      let column = right.filter { lines[piece.page][$0].box.left < left + 30 }
      if let top = column.min(by: { lines[piece.page][$0].box.top < lines[piece.page][$1].box.top }),
        lines[piece.page][top].box.top < line.box.top,
        !hasImageAbove(piece.page, lines[piece.page][top])
      {
        return fits(piece.page, top) ? (piece.page, top) : nil
      }
    }
    let page = piece.page + 1
    guard page < lines.count, book.pages[page].number > 0,
      let left = lines[page].map(\.box.left).min()
    else { return nil }
    let column = lines[page].indices.filter { lines[page][$0].box.left < left + 30 }
    guard let top = column.min(by: { lines[page][$0].box.top < lines[page][$1].box.top }),
      !hasImageAbove(page, lines[page][top]), fits(page, top)
    else { return nil }
    return (page, top)
  }

  private func hasImageAbove(_ page: Int, _ line: TextLine) -> Bool {
    book.pages[page].images.contains {
      $0.box.bottom < line.box.top + 2 && $0.box.overlapX(line.box) > 0.3 * line.box.width
    }
  }

  /// Adds a text, which may hold both languages, to a caption.
  private func add(_ text: String, to caption: inout BookCaption) {
    if PrintedText.hasStrayCharacters(text) { caption.flags.insert(.strayCharacters) }
    if text.count > 6000 { caption.flags.insert(.longText) }
    let text = String(text.prefix(20_000))
    for (part, label) in BookCaption.languages(of: text, key: caption.key, style: caption.style) {
      let isChinese = configuration.isChinese(part, label: label)
      if isChinese {
        caption.chinese = caption.chinese.isEmpty ? part : caption.chinese + part
      } else {
        caption.english = caption.english.isEmpty ? part : caption.english + " " + part
      }
    }
  }

  /// One caption of a Chinese and an English one with the same number that stand together.
  private static func merged(_ captions: [BookCaption]) -> [BookCaption] {
    var result: [BookCaption] = []
    for caption in captions {
      if let index = result.firstIndex(where: {
        $0.key == caption.key && $0.letters == caption.letters
          && ($0.english.isEmpty && caption.chinese.isEmpty
            || $0.chinese.isEmpty && caption.english.isEmpty)
          && (abs($0.box.bottom - caption.box.top) < 40 || abs($0.box.top - caption.box.bottom) < 40
            || $0.box.overlapY(caption.box) > 0)
      }) {
        result[index].english += caption.english
        result[index].chinese += caption.chinese
        result[index].box = result[index].box.union(caption.box)
        result[index].flags.formUnion(caption.flags)
      } else {
        result.append(caption)
      }
    }
    return result
  }

  private func markRepeated(_ texts: inout [PageText]) {
    var counts: [String: Int] = [:]
    for caption in texts.lazy.flatMap(\.captions) {
      counts["\(caption.key)\(caption.letters)", default: 0] += 1
    }
    for page in texts.indices {
      for index in texts[page].captions.indices {
        let caption = texts[page].captions[index]
        if (counts["\(caption.key)\(caption.letters)"] ?? 0) > 1 {
          texts[page].captions[index].flags.insert(.repeatedNumber)
        }
      }
    }
  }
}

extension TextLine {
  /// One of several equal shares of the line, for words without places of their own.
  fileprivate func share(_ index: Int, of count: Int) -> Box {
    let step = box.width / Double(count)
    return Box(
      left: box.left + step * Double(index), top: box.top, right: box.left + step * Double(index + 1),
      bottom: box.bottom)
  }
}
