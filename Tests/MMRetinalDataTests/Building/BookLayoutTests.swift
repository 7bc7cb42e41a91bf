import MMRetinalData
import Testing

/// Pages as books lay them out, from lines and boxes alone.
struct BookLayoutTests {
  private func words(_ text: String, at left: Double, _ top: Double, spaces: Double = 2.5)
    -> [(text: String, box: Box)]
  {
    var x = left
    return text.split(separator: " ").map { word in
      let width = 5.0 * Double(word.count)
      defer { x += width + spaces }
      return (String(word), Box(left: x, top: top, right: x + width, bottom: top + 10))
    }
  }

  func line(_ text: String, at left: Double, _ top: Double, spaces: Double = 2.5)
    -> TextLine
  {
    TextLine(words: words(text, at: left, top, spaces: spaces))!
  }

  func image(_ left: Double, _ top: Double, _ width: Double, _ height: Double)
    -> CollectedImage
  {
    CollectedImage(
      box: Box(left: left, top: top, right: left + width, bottom: top + height), file: "i.png",
      width: Int(width), height: Int(height))
  }

  func figures(_ pages: (images: [CollectedImage], lines: [TextLine])...) -> [BookFigure] {
    let book = CollectedBook(
      pages: pages.enumerated().map { index, page in
        CollectedPage(
          number: index + 1, width: 600, height: 800, images: page.images, lines: page.lines)
      })
    return FigureAligner(book, texts: CaptionFinder.texts(of: book)).figures()
  }

  // MARK: - Lines

  @Test func joinsWideSpacesOfAJustifiedLine() {
    let torn = words("treatment. A, Wide-field color image", at: 50, 112, spaces: 15)
      .compactMap { TextLine(words: [$0]) }
    let lines = TextLine.rejoined(
      [line("Fig. 6-8 Central retinal artery occlusion before", at: 50, 100)] + torn)
    #expect(lines.map(\.text).contains("treatment. A, Wide-field color image"))
    #expect(lines.count == 2)
  }

  @Test func joinsVeryWideSpacesOfAJustifiedLine() {
    // "强荧光点。      Fig.      1-1-1" between lines that run across.
    let above = line(
      "图1-1-1 中心性浆液性脉络膜视网膜病变（男，54岁）。ICGA晚期示直径1.5mm的强荧光点，其周围视网膜下积液", at: 50, 100)
    let torn = [
      line("强荧光点。", at: 50, 112), line("Fig.", at: 180, 112), line("1-1-1", at: 260, 112),
    ]
    #expect(
      TextLine.rejoined([above] + torn).map(\.text).contains("强荧光点。 Fig. 1-1-1"))
    #expect(TextLine.rejoined(torn).count == 3)
  }

  @Test func joinsTheOnlySpaceOfALine() {
    // "fluorescent  ring." with one wide space, below a line of the same column.
    let column = line("of the fundus autofluorescence image", at: 50, 100)
    let left = line("hyperautofluorescent", at: 50, 112)
    let right = line("ring.", at: 175, 112)
    #expect(
      TextLine.rejoined([column, left, right]).map(\.text).contains("hyperautofluorescent ring."))
    // Without it they may be two columns.
    #expect(TextLine.rejoined([left, right]).count == 2)
    #expect(TextLine.rejoined([column, left, right], columns: [50, 175]).count == 3)
  }

  @Test func joinsALabelWithItsText() {
    let lines = [line("图3-1", at: 50, 100), line("Survival over five years.", at: 90, 100)]
    #expect(TextLine.rejoined(lines).map(\.text) == ["图3-1 Survival over five years."])
    // Captions side by side stay two.
    let two = [line("Fig. 1-1 Left eye.", at: 50, 100), line("Fig. 1-2 Right eye.", at: 150, 100)]
    #expect(TextLine.rejoined(two).count == 2)
    let letters = [line("A", at: 50, 100), line("B", at: 70, 100), line("C", at: 90, 100)]
    #expect(TextLine.rejoined(letters).count == 3)
  }

  @Test func cutsLinesOnlyAtGapsBetweenColumns() {
    func xml(_ lines: [[(text: String, box: Box)]]) -> [UInt8] {
      let body = lines.map { words in
        "<line>"
          + words.map {
            "<word xMin=\"\($0.box.left)\" yMin=\"\($0.box.top)\" xMax=\"\($0.box.right)\" yMax=\"\($0.box.bottom)\">\($0.text)</word>"
          }.joined() + "</line>"
      }
      return Array("<doc><page>\(body.joined())</page></doc>".utf8)
    }
    // Two columns of five lines, and a wide line of which a word begins where the second column does.
    let text = "words of a column of text here"
    var lines = (0..<5).flatMap { row in
      [50.0, 250.0].map { words(text, at: $0, 200 + 12 * Double(row)) }
    }
    let wide = words(
      "a wide line of text that runs over both of the two columns, up to the end", at: 50, 100)
    let place = wide.firstIndex { $0.box.left > 240 }!
    let shift = 250 - wide[place].box.left
    lines.append(
      wide.map { word in
        var word = word
        word.box.left += shift
        word.box.right += shift
        return word
      })
    lines.append(
      words("which goes on for a second line across the middle of the page", at: 50, 112))
    // A line that the reader took for one although it is two.
    lines.append(words(text, at: 50, 264) + words(text, at: 250, 264))
    let found = PDFReading.lines(xml(lines), first: 1)[1]!.map(\.text)
    #expect(found.count { $0 == text } == 12)
    #expect(found.contains(wide.map(\.text).joined(separator: " ")))
  }

  // MARK: - Captions

  @Test func flagsCaptionsWithRestsOfText() throws {
    let figure = try #require(
      figures(
        (
          [image(50, 100, 200, 200)],
          [
            line("Fig. 1-1 Diabetic retinopathy", at: 50, 304),
            // Within the caption's place, but of none of its lines.
            line("left eye.", at: 220, 304),
            line("of the longest line of this caption, and of the end.", at: 50, 316),
          ]
        )
      ).first)
    #expect(figure.flags.contains(.unsureText))
  }

  @Test func flagsCaptionsWithoutEndOrText() {
    let pages = (1...10).map { number in
      (
        images: [image(50, 100, 200, 200)],
        lines: [
          line(
            number == 10
              ? "Fig. 1-10 Red-free photograph shows the" : "Fig. 1-\(number) A photograph.",
            at: 50, 304)
        ]
      )
    }
    let book = CollectedBook(
      pages: pages.enumerated().map { index, page in
        CollectedPage(
          number: index + 1, width: 600, height: 800, images: page.images, lines: page.lines)
      })
    let found = FigureAligner(book, texts: CaptionFinder.texts(of: book)).figures()
    #expect(
      found.map { $0.flags.contains(.unsureText) } == Array(repeating: false, count: 9) + [true])
    let bare = figures(([image(50, 100, 200, 200)], [line("Fig. 1-1", at: 50, 304)]))
    #expect(bare.map { $0.flags.contains(.unsureText) } == [true])
    let open = figures(
      ([image(50, 100, 200, 200)], [line("Fig. 1-1 A photograph (late", at: 50, 304)]))
    #expect(open.map { $0.flags.contains(.unsureText) } == [true])
  }

  /// Paragraphs below captions are taken for their ends only where captions have a style of their own.
  @Test(arguments: ["Normal", "Caption"]) func paragraphsOfOneStyle(_ style: String) {
    var page = CollectedPage(number: 0, width: 400, height: 2000)
    func add(_ text: String, _ style: String, top: Double) {
      page.lines.append(
        TextLine(
          box: Box(left: 0, top: top, right: 300, bottom: top + 12), text: text, size: 10,
          font: style, isParagraph: true))
    }
    for number in 1...9 {
      let top = Double(number) * 200
      page.images.append(image(0, top, 100, 100))
      add("Fig. 1-\(number) A photograph.", style, top: top + 110)
      add("Treatment depends on the visual acuity.", "Normal", top: top + 130)
      add("The retina has two circulations.", "Normal", top: top + 150)
    }
    let book = CollectedBook(pages: [page])
    let found = FigureAligner(book, texts: CaptionFinder.texts(of: book)).figures()
    #expect(found.map(\.english) == Array(repeating: "A photograph.", count: 9))
  }

  @Test(arguments: [
    ("Early uorescein angiogram.", true), ("A signi cant edema of the nerve ber layer.", true),
    ("Early fluorescein angiogram, in the field of 30 degrees.", false), ("玻璃体", false),
  ]) func findsLostLigatures(_ text: String, _ isLost: Bool) {
    #expect(PrintedText.hasLostLigatures(text) == isLost)
  }

  @Test(arguments: ["A, B超示肿物；B, 频域OCT示裂孔。", "A，B超示肿物；B，频域OCT示裂孔。", "A. B型病变。B. 频域OCT示裂孔。"])
  func readsMarksBeforeWordsThatBeginWithALetter(_ caption: String) throws {
    let parts = try #require(CaptionSplitter.split("视盘玻璃膜疣。" + caption))
    #expect(parts.letters == ["A", "B"] && parts.text(ofPanel: "B")?.contains("频域OCT") == true)
    #expect(parts.text(ofPanel: "A")?.contains("裂孔") == false)
    let both = try #require(CaptionSplitter.split("A, B和C, 彩照；D, 造影。"))
    #expect(both.letters == ["A", "B", "C", "D"])
  }

  @Test func readsMarksBeforeCompounds() throws {
    let parts = try #require(
      CaptionSplitter.split("A, B-scan ultrasonography shows a mass; B, OCT shows fluid."))
    #expect(parts.panels == ["A": "B-scan ultrasonography shows a mass;", "B": "OCT shows fluid."])
    let range = try #require(CaptionSplitter.split("A, B-D, Angiograms. E, OCT."))
    #expect(range.letters == ["A", "B", "C", "D", "E"])
  }

  @Test(arguments: [
    ("Photograph. A, the left eye; C, the right one.", true),
    ("Angiogram shows leakage. B. A scan.", true),
    ("The lesion was of type B. No treatment (vitamin A. excluded).", false),
    ("According to the E.T.D.R.S. the edema was significant.", false),
  ]) func findsStrayMarks(_ text: String, _ isStray: Bool) {
    #expect(CaptionSplitter.hasStrayMark(text, panels: 2) == isStray)
  }

  // MARK: - Images and captions

  @Test func captionBesideBelowAnotherFigure() {
    let found = figures(
      (
        [image(200, 100, 190, 190), image(50, 320, 220, 170)],
        [
          line("Fig. 1-1 The image above, with a caption that is wide.", at: 50, 298),
          line("Fig. 1-2 The image beside.", at: 285, 325),
        ]
      ))
    #expect(found.map(\.number) == ["1-1", "1-2"])
    #expect(found.map(\.parts.count) == [1, 1])
  }

  @Test func aWideCaptionSeparatesImages() {
    let found = figures(
      (
        [image(50, 100, 190, 190), image(50, 318, 190, 190)],
        [
          line(
            "Fig. 1-1 A caption that is much wider than the image above it, and than the one below.",
            at: 50, 298)
        ]
      ))
    #expect(found.map(\.number) == ["1-1", ""])
  }

  @Test func anImageThatStandsApartIsDoubtful() {
    func page(_ number: Int, gap: Double) -> (images: [CollectedImage], lines: [TextLine]) {
      (
        [image(50, 100, 190, 100), image(50, 200 + gap, 190, 100)],
        [line("Fig. 1-\(number) Two. A. Photograph. B. Angiogram.", at: 50, 308 + gap)]
      )
    }
    let found = figures(
      page(1, gap: 6), page(2, gap: 6), page(3, gap: 6), page(4, gap: 6), page(5, gap: 6),
      page(6, gap: 6),
      page(7, gap: 20))
    #expect(
      found.map { $0.flags.contains(.ambiguousCaption) } == Array(repeating: false, count: 6) + [
        true
      ])
  }

  @Test func panelsInARowAslantBelongTogether() {
    func page(_ number: Int, shift: Double) -> (images: [CollectedImage], lines: [TextLine]) {
      (
        [image(50 + shift, 100, 100, 100), image(220 - shift, 206, 100, 100)],
        [line("Fig. 1-\(number) Two. A. Photograph. B. Angiogram.", at: 50, 314)]
      )
    }
    let found = figures(
      page(1, shift: 80), page(2, shift: 80), page(3, shift: 80), page(4, shift: 80),
      page(5, shift: 80), page(6, shift: 80), page(7, shift: 0))
    #expect(found.allSatisfy { !$0.flags.contains(.ambiguousCaption) })
  }
}
