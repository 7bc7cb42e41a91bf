/// Matches the images of a book to its captions by their positions on the pages.
///
/// Each image goes to the nearest caption below it, or above it: whichever makes the number of images
/// and the panels that captions name agree best over the whole book. Captions beside their images are
/// seen by their place; what is left over is looked for on the neighboring page.
package struct FigureAligner {
  private let book: CollectedBook
  private let texts: [PageText]
  private let configuration: BookConfiguration

  private typealias Position = BookConfiguration.CaptionPosition

  /// Which caption each image of a page has, by their indices.
  private struct Assignment {
    var captions: [Int?]
    var flags: Set<PairFlag> = []
    var score = 0.0
  }

  package init(
    _ book: CollectedBook, texts: [PageText], configuration: BookConfiguration = .init()
  ) {
    self.book = book
    self.texts = texts
    self.configuration = configuration
  }

  /// The book's figures, in the order of pages and captions.
  package func figures() -> [BookFigure] {
    let pages = book.pages
    let below = pages.indices.map { assignment(pages[$0], texts[$0], .below) }
    let above = pages.indices.map { assignment(pages[$0], texts[$0], .above) }
    let sums = (below.map(\.score).reduce(0, +), above.map(\.score).reduce(0, +))
    let main: Position =
      configuration.position == .above
      ? .above
      : configuration.position == nil && sums.1 > sums.0 ? .above : .below
    var chosen: [Assignment] = []
    for page in pages.indices {
      let (first, second) = main == .below ? (below[page], above[page]) : (above[page], below[page])
      if configuration.position == nil, second.score > first.score + 0.9,
        second.captions != first.captions
      {
        var other = second
        if !isPlain(second, instead: first, texts[page].captions) {
          other.flags.insert(.ambiguousCaption)
        }
        chosen.append(other)
      } else {
        chosen.append(first)
      }
    }
    return collect(pages, chosen)
  }

  /// Whether captions on the less common side are out of question: only images that have none on the usual side
  /// get theirs there, as many as each caption has panels.
  private func isPlain(
    _ chosen: Assignment, instead usual: Assignment, _ captions: [BookCaption]
  ) -> Bool {
    let changed = chosen.captions.indices.filter { chosen.captions[$0] != usual.captions[$0] }
    return changed.allSatisfy { image in
      guard usual.captions[image] == nil, let caption = chosen.captions[image] else { return false }
      let images = chosen.captions.count { $0 == caption }
      return images > 1 && captions[caption].panelCount(images: images) == images
    }
  }

  // MARK: - One page

  private func assignment(_ page: CollectedPage, _ text: PageText, _ position: Position)
    -> Assignment
  {
    let captions = text.captions
    let geometry = PageGeometry(page, text)
    var result = Assignment(captions: page.images.map { _ in nil })
    guard !page.images.isEmpty, !captions.isEmpty else {
      result.score = -Double(page.images.count)
      return result
    }
    let direct = page.images.indices.map { geometry.caption(of: $0, below: position == .below) }
    for image in page.images.indices {
      let own = direct[image]
      if let beside = geometry.captionBeside(image, below: position == .below),
        configuration.position == .beside
          || own.map({ $0.distance > min(30, beside.distance + 24) }) ?? true
      {
        result.captions[image] = beside.caption
      } else if let own {
        result.captions[image] = own.caption
      }
    }
    geometry.adoptNeighbors(&result.captions)
    result.score = score(result, page, captions, geometry)
    return result
  }

  private func score(
    _ assignment: Assignment, _ page: CollectedPage, _ captions: [BookCaption],
    _ geometry: PageGeometry
  ) -> Double {
    var score = 0.0
    for index in captions.indices {
      let images = assignment.captions.count { $0 == index }
      let panels = captions[index].panelCount(images: images)
      switch (images, panels) {
      case (0, _): score -= geometry.hasDrawing(near: index) ? 0 : 1
      case (1, 0), (1, 2...): score += panels == 0 ? 1 : 0.8
      case (_, 0): score += 0
      case (let n, let p) where n == p: score += 1
      case (let n, let p) where n < p: score += 0.1
      default: score -= 0.3
      }
    }
    score -= Double(assignment.captions.count { $0 == nil })
    // Of equal readings, the one with captions nearer to their images.
    for (image, caption) in assignment.captions.enumerated() {
      if let caption {
        score -= min(0.02, geometry.distance(image, caption) / 20_000)
      }
    }
    return score
  }

  // MARK: - The whole book

  private func collect(_ pages: [CollectedPage], _ chosen: [Assignment]) -> [BookFigure] {
    var assigned = chosen.map(\.captions)
    var otherPage: [Int: [(page: Int, image: Int)]] = [:]  // by number of the caption
    var captionIDs: [[Int]] = []
    var total = 0
    for text in texts {
      captionIDs.append(text.captions.indices.map { total + $0 })
      total += text.captions.count
    }
    // Captions without images, and pages next to them whose images have none.
    for page in pages.indices {
      let withImages = Set(assigned[page].compactMap(\.self))
      let without = texts[page].captions.indices.filter { !withImages.contains($0) }
      if without.isEmpty { continue }
      let geometry = PageGeometry(pages[page], texts[page])
      for index in without {
        if geometry.hasDrawing(near: index) { continue }
        // The same page first: an image that no direction reached.
        let here = pages[page].images.indices.filter { assigned[page][$0] == nil }
        let openHere = texts[page].captions.indices.filter { !assigned[page].contains($0) }
        if !here.isEmpty, openHere.count == 1, pages[page].number > 0 {
          for image in here {
            otherPage[captionIDs[page][index], default: []].append((page, image))
          }
          continue
        }
        guard pages[page].number > 0 else { continue }
        for neighbor in [page - 1, page + 1] where pages.indices.contains(neighbor) {
          let open = pages[neighbor].images.indices.filter { assigned[neighbor][$0] == nil }
          let taken = otherPage.values.joined().contains { $0.page == neighbor }
          let isBefore = neighbor < page
          guard !open.isEmpty, !taken,
            isBefore
              ? index == texts[page].captions.indices.first
              : index == texts[page].captions.indices.last
          else { continue }
          let free = texts[neighbor].captions.indices.contains { !assigned[neighbor].contains($0) }
          if free { continue }
          for image in open {
            otherPage[captionIDs[page][index], default: []].append((neighbor, image))
          }
          break
        }
      }
    }
    for members in otherPage.values {
      for (page, image) in members { assigned[page][image] = -1 }
    }
    var result: [BookFigure] = []
    for page in pages.indices {
      var onPage: [(key: (Double, Double), figure: BookFigure)] = []
      for (index, caption) in texts[page].captions.enumerated() {
        let own = pages[page].images.indices.filter { assigned[page][$0] == index }
        let others = otherPage[captionIDs[page][index]] ?? []
        guard !own.isEmpty || !others.isEmpty else { continue }
        var flags = caption.flags.union(own.isEmpty ? [] : chosen[page].flags)
        if !others.isEmpty { flags.insert(.otherPage) }
        var figure = BookFigure(
          number: caption.number, letters: caption.letters, english: caption.english,
          chinese: caption.chinese, flags: flags)
        let members = own.map { (page: page, image: $0) } + others
        figure.parts = ordered(members, pages, flags: &figure.flags)
        onPage.append(((caption.box.top, caption.box.left), figure))
      }
      for image in pages[page].images.indices where assigned[page][image] == nil {
        let box = pages[page].images[image].box
        var figure = BookFigure(number: "", flags: [.noCaption])
        figure.parts = ordered([(page, image)], pages, flags: &figure.flags)
        onPage.append(((box.top, box.left), figure))
      }
      result += onPage.sorted { $0.key < $1.key }.map(\.figure)
    }
    PanelSpacing(result).mark(&result)
    return result
  }

  private func ordered(
    _ members: [(page: Int, image: Int)], _ pages: [CollectedPage], flags: inout Set<PairFlag>
  ) -> [BookFigure.Part] {
    let letters = Dictionary(grouping: members, by: \.page).mapValues { members in
      let page = members[0].page
      let boxes = members.map { pages[page].images[$0.image].box }
      let reach = Box.around(boxes)!.grown(by: 40)
      let near = texts[page].letters.filter { reach.contains(x: $0.box.middleX, y: $0.box.middleY) }
      return (members.map(\.image), LetterPlacing.letters(near, of: boxes))
    }
    var result: [BookFigure.Part] = []
    for page in letters.keys.sorted() {
      let (images, found) = letters[page]!
      let boxes = images.map { pages[page].images[$0].box }
      let (order, isAmbiguous) = ReadingOrder.sorted(boxes)
      if isAmbiguous, boxes.count > 1 { flags.insert(.panelOrder) }
      result += order.map {
        BookFigure.Part(
          image: pages[page].images[images[$0]], page: pages[page].number, letters: found[$0])
      }
    }
    return result
  }
}

extension BookCaption {
  /// How many panels the caption names; 0 for none.
  func panelCount(images: Int) -> Int {
    let expected = images > 1 ? images : nil
    let counts = [english, chinese].map { text in
      CaptionSplitter.split(text, expecting: expected)?.panels.count ?? 0
    }
    if let expected, counts.contains(expected) { return expected }
    return counts.max() ?? 0
  }
}
