extension CaptionFinder {
  mutating func caption(from start: Start, page: Int) -> BookCaption? {
    var pieces = [(page: page, line: start.line)]
    extend(&pieces, page: page)
    // Where it goes on elsewhere is no part of its place.
    let own = pieces.map { lines[page][$0.line].box }
    if lines[page][start.line].isParagraph == false, let last = pieces.last,
      isLastInColumn(last.page, lines[last.page][last.line].box),
      let next = continuation(of: last), goesOn(pieces, at: next, start)
    {
      pieces.append(next)
      taken[next.page].insert(next.line)
      extend(&pieces, page: next.page)
    }
    var caption = assembled(pieces, start)
    if book.pages[page].isRecognized { caption.flags.insert(.recognizedText) }
    caption.box = Box.around(own) ?? caption.box
    caption.goesOn = pieces.count > own.count
    caption.restoreMarks()
    if !caption.isWhole { caption.flags.insert(.unsureText) }
    return caption
  }

  /// Whether a caption at the end of a column continues at the top of the next one: within a sentence, with
  /// the next panel, with panels that only the other language has, or with what looks like nothing but
  /// captions.
  private func goesOn(
    _ pieces: [(page: Int, line: Int)], at next: (page: Int, line: Int), _ start: Start
  ) -> Bool {
    let (last, following) = (pieces.last!, lines[next.page][next.line])
    if Self.breaksOff(lines[last.page][last.line]) { return true }
    // The middle of a sentence is no other one's.
    if following.text.first?.isLowercase == true { return false }
    if isDistinct || isNextMark(following.text, pieces) { return true }
    let caption = assembled(pieces, start)
    let panels = [caption.english, caption.chinese].map {
      CaptionSplitter.split($0)?.panels.count ?? 0
    }
    return PrintedText.isChinese(following.text)
      ? panels[1] < panels[0]
      : panels[0] < panels[1]
        && !caption.english.isEmpty
  }

  /// The text of lines, in both languages.
  private func assembled(_ pieces: [(page: Int, line: Int)], _ start: Start) -> BookCaption {
    // Labels within the caption: the other language.
    var segments: [(label: FigureLabel?, lines: [String])] = []
    for (place, piece) in pieces.enumerated() {
      let text = Array(
        lines[piece.page][piece.line].text.drop { $0.isWhitespace || "▲△■□●◆▶►".contains($0) })
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
      number: start.label.number, letters: start.label.letters, style: start.label.style,
      page: pieces[0].page, box: lines[pieces[0].page][start.line].box, english: "", chinese: "",
      flags: [])
    for segment in segments { add(printed.joined(segment.lines), to: &caption) }
    return caption
  }

  /// Adds lines below the last one that belong to it.
  mutating func extend(
    _ pieces: inout [(page: Int, line: Int)], page: Int
  ) {
    var pitch: Double?
    let images = book.pages[page].images.map(\.box)
    let first = pieces.last!
    var box = lines[page][first.line].box
    while let last = pieces.last {
      let line = lines[page][last.line]
      // Lines stand in the order of their tops.
      guard
        let next = lines[page].indices[(last.line + 1)...].first(where: { index in
          let other = lines[page][index].box
          return !taken[page].contains(index) && other.top > line.box.middleY
            && (other.overlapX(box) > 0.5 * min(other.width, box.width))
        })
      else { return }
      let other = lines[page][next]
      let gap = other.box.top - line.box.bottom
      if line.isParagraph {
        // The next paragraph goes on if it has the caption's own style or the next mark.
        let isSameStyle = isDistinct && Look(other) == Look(line)
        guard other.isParagraph,
          isSameStyle || !isDistinct && Look(other) == Look(line) && isNextMark(other.text, pieces),
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
        if let pitch, distance > 1.3 * pitch, !isNextMark(other.text, pieces) { return }
        let isMixed = PrintedText.isChinese(other.text) != PrintedText.isChinese(line.text)
        if let label = FigureLabel(Array(other.text.prefix(60))), label.number.contains("-"),
          label.isClosed || Self.ends(line), !isTranslation(other, of: lines[page][first.line]),
          !wasReference(other, after: line)
        {
          return
        }
        if isDistinct {
          if !looksLikeCaption(other) { return }
        } else if Look(other).size != Look(line).size
          || !isMixed && Look(other).hasOtherFont(than: Look(line))
          || Self.ends(line) && isForcedBreak(line, other, right: box.right)
            && !isNextMark(other.text, pieces)
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
      next.text.first?.isIdeograph == true
      ? 2 * next.size : (next.words.first?.width ?? 2 * next.size)
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

  /// Whether a line begins with the mark that follows the last one of the lines before it; the first
  /// mark only behind a colon, because lists of other text begin with one as well.
  private func isNextMark(_ text: String, _ pieces: [(page: Int, line: Int)]) -> Bool {
    let head = Array(text.prefix(4).drop { "(（".contains($0) })
    guard head.count >= 2, let letter = head[0].asciiValue, head[0].isLetter,
      ".．)）,，:：、".contains(head[1])
    else { return false }
    let base = head[0].isLowercase ? UInt8(ascii: "a") : UInt8(ascii: "A")
    let before = Array(pieces.map { lines[$0.page][$0.line].text }.joined(separator: " "))
    var next = base
    for index in before.indices.dropLast() where before[index].asciiValue == next {
      let isAlone = index == 0 || !(before[index - 1].isASCII && before[index - 1].isLetter)
      if isAlone, ".．)）,，:：、".contains(before[index + 1]) { next += 1 }
    }
    if next == base { return letter == base && ":：".contains(before.last ?? " ") }
    return letter == next
  }

  static func ends(_ line: TextLine) -> Bool {
    guard let last = line.text.last(where: { !$0.isWhitespace }) else { return true }
    return ".。．!?！？".contains(last)
  }

  /// Whether a line ends within a sentence, or with a mark whose words are missing, as in `A.`.
  private static func breaksOff(_ line: TextLine) -> Bool {
    let text = Array(line.text.trimmed.suffix(3))
    guard ends(line) else { return true }
    return text.count == 3 && text[0].isWhitespace && text[1].isASCII && text[1].isLetter
  }

  /// Whether neither text nor images stand below a box of text.
  func isLastInColumn(_ page: Int, _ box: Box) -> Bool {
    let below = lines[page].contains {
      $0.box.top > box.bottom - 0.5 * $0.box.height
        && $0.box.overlapX(box) > 0.3 * min($0.box.width, box.width)
    }
    let images = book.pages[page].images.contains {
      $0.box.top > box.bottom - 0.5 * $0.box.height && $0.box.overlapX(box) > 0.3 * box.width
    }
    return !below && !images
  }

  /// The line with which text continues after the end of a column.
  func continuation(of piece: (page: Int, line: Int)) -> (page: Int, line: Int)? {
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
      if let top = column.min(by: { lines[piece.page][$0].box.top < lines[piece.page][$1].box.top }
      ),
        lines[piece.page][top].box.top < line.box.top,
        !hasImageAbove(piece.page, lines[piece.page][top].box)
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
      !hasImageAbove(page, lines[page][top].box), fits(page, top)
    else { return nil }
    return (page, top)
  }

  /// Whether an image stands above a box of text, without text between them.
  func hasImageAbove(_ page: Int, _ box: Box) -> Bool {
    book.pages[page].images.contains { image in
      image.box.bottom < box.top + 2 && image.box.overlapX(box) > 0.3 * box.width
        && !lines[page].contains {
          $0.box.top > image.box.bottom - 2 && $0.box.bottom < box.top + 0.5 * $0.box.height
            && $0.box.overlapX(box) > 0.3 * box.width
        }
    }
  }

  /// Adds a text, which may hold both languages, to a caption.
  func add(_ text: String, to caption: inout BookCaption) {
    if PrintedText.hasStrayCharacters(text) || PrintedText.hasLostLigatures(text) {
      caption.flags.insert(.strayCharacters)
    }
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
}
