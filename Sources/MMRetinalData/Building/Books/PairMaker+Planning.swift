/// Which panel of a figure each image, or part of an image, is.
extension PairMaker {
  func plan(
    _ figure: BookFigure, _ images: [Int: FundusImage], _ english: CaptionSplitter.Parts?,
    _ chinese: CaptionSplitter.Parts?
  ) -> [Plan] {
    let count = figure.parts.count
    let marked = [english, chinese].compactMap(\.self)
    let parts = marked.first { $0.panels.count == count } ?? marked.first
    let letters = parts?.letters ?? []
    var flags: Set<PairFlag> = []
    if parts?.followsWords == true { flags.insert(.marksAfterWords) }
    if Set(marked.map(\.panels.count)).count > 1
      || marked.count == 1 && !figure.english.isEmpty && !figure.chinese.isEmpty
    {
      flags.insert(.unsureText)
    }
    if hasStrayMarks(figure, english, chinese) { flags.insert(.unsureText) }
    func printed(_ letter: Character) -> String { parts?.printed(letter) ?? String(letter) }
    var plans: [Plan]
    if figure.parts.contains(where: { !$0.named.isEmpty }) {
      plans = named(figure, images, letters, printed)
    } else if letters.isEmpty {
      plans = unmarked(figure)
    } else if count == 1 {
      plans = single(figure, images, letters, printed)
    } else {
      plans = several(figure, letters, printed)
    }
    for index in plans.indices { plans[index].flags.formUnion(flags) }
    return plans
  }

  /// Whether marks in the captions were misread, or have lost text between them.
  private func hasStrayMarks(
    _ figure: BookFigure, _ english: CaptionSplitter.Parts?, _ chinese: CaptionSplitter.Parts?
  ) -> Bool {
    [(figure.english, english), (figure.chinese, chinese)].contains { whole, parts in
      guard let parts, !parts.followsWords else {
        return parts == nil && CaptionSplitter.hasStrayMark(whole, panels: figure.parts.count)
      }
      return ([parts.title] + parts.panels.values).contains {
        CaptionSplitter.hasStrayMark($0, panels: parts.panels.count)
      }
    }
  }

  /// A caption that names no panels.
  private func unmarked(_ figure: BookFigure) -> [Plan] {
    let count = figure.parts.count
    return figure.parts.indices.map { index in
      let letters = figure.parts[index].letters
      let panel = count > 1 && letters.count == 1 ? letters[0].letter : figure.letters
      var plan = Plan(part: index, panel: panel, nameLetters: panel)
      if count > 1, letters.count != 1 { plan.flags.insert(.countMismatch) }
      return plan
    }
  }

  /// One image of a figure with panels: one of them, or a composite of all.
  private func single(
    _ figure: BookFigure, _ images: [Int: FundusImage], _ letters: [Character],
    _ printed: (Character) -> String
  ) -> [Plan] {
    let part = figure.parts[0]
    guard let image = images[0] else { return [] }
    func whole(_ flag: PairFlag) -> [Plan] {
      [Plan(part: 0, panel: "", nameLetters: "", flags: [flag])]
    }
    if part.letters.count == 1, let letter = part.letters[0].letter.uppercased().first,
      letters.contains(letter), part.letters[0].letter == printed(letter)
    {
      return [Plan(part: 0, panel: printed(letter), nameLetters: printed(letter), letter: letter)]
    }
    guard let cut = cut(image, of: part.image, into: letters.count) else {
      return whole(.uncutComposite)
    }
    let cuts = cut.parts
    var order = letters
    var flags: Set<PairFlag> = cut.isAmbiguous ? [.panelOrder] : []
    // Letters that are printed with the image say which panel is which.
    if part.letters.count >= letters.count {
      let boxes = cuts.map { part.image.box.place(of: $0, in: image) }
      let found = LetterPlacing.letters(part.letters, of: boxes)
        .map { $0.count == 1 ? $0[0].letter.uppercased().first : nil }.compactMap(\.self)
      if Set(found) == Set(letters), found.count == letters.count {
        (order, flags) = (found, [])
      }
    }
    if cut.isUneven { flags.insert(.unsureCut) }
    return zip(cuts, order).map { cut, letter in
      Plan(
        part: 0, panel: printed(letter), nameLetters: printed(letter), cut: cut, letter: letter,
        flags: flags)
    }
  }

  /// Cuts along gutters, or where strips meet if they are as many as panels and look like panels.
  private func cut(
    _ image: FundusImage, of collected: CollectedImage, into count: Int
  ) -> GutterCutter.Cut? {
    if let cut = GutterCutter.cut(image, into: count) { return cut }
    let box = collected.box
    guard collected.strips.count == count,
      collected.strips.allSatisfy({ $0.width < 2.2 * $0.height && $0.height < 2.2 * $0.width })
    else { return nil }
    let (sx, sy) = (Double(image.width) / box.width, Double(image.height) / box.height)
    let parts = ReadingOrder.sorted(collected.strips).order.map { index in
      let strip = collected.strips[index]
      let x = max(0, Int((strip.left - box.left) * sx)), y = max(0, Int((strip.top - box.top) * sy))
      return GutterCutter.Part(
        rows: y..<max(y + 1, min(image.height, Int((strip.bottom - box.top) * sy))),
        columns: x..<max(x + 1, min(image.width, Int((strip.right - box.left) * sx))))
    }
    return GutterCutter.Cut(parts: parts, isAmbiguous: false, isUneven: false)
  }

  /// Several images of a figure with panels.
  private func several(
    _ figure: BookFigure, _ letters: [Character], _ printed: (Character) -> String
  ) -> [Plan] {
    let count = figure.parts.count
    let found = figure.parts.map { part -> Character? in
      part.letters.count == 1
        && printed(part.letters[0].letter.uppercased().first ?? " ") == part.letters[0].letter
        ? part.letters[0].letter.uppercased().first : nil
    }
    let known = found.compactMap(\.self)
    let areDistinct = Set(known).count == known.count
    let flag: Set<PairFlag> = [.countMismatch]
    return figure.parts.indices.map { index in
      func plan(_ letter: Character?, _ flags: Set<PairFlag>) -> Plan {
        let text = letter.map(printed) ?? ""
        return Plan(part: index, panel: text, nameLetters: text, letter: letter, flags: flags)
      }
      if areDistinct, let letter = found[index], letters.contains(letter) {
        return plan(letter, [])
      }
      if count != letters.count {
        return plan(count < letters.count && known.isEmpty ? letters[index] : nil, flag)
      }
      if known.isEmpty { return plan(letters[index], []) }
      // Some images have a letter: by order, if the others agree with it.
      let agrees = areDistinct && zip(found, letters).allSatisfy { $0 == nil || $0 == $1 }
      return plan(letters[index], agrees ? [] : [.panelOrder])
    }
  }

  /// Images whose files are named by their panels.
  private func named(
    _ figure: BookFigure, _ images: [Int: FundusImage], _ letters: [Character],
    _ printed: (Character) -> String
  ) -> [Plan] {
    var plans: [Plan] = []
    var present: Set<Character> = []
    for (index, part) in figure.parts.enumerated() {
      let name = Array(part.named)
      let capitals = Array(part.named.uppercased())
      let follows =
        name.count >= 2
        && zip(capitals, capitals.dropFirst()).allSatisfy {
          $1.asciiValue ?? 0 == ($0.asciiValue ?? 0) + 1
        }
      if follows {
        present.formUnion(capitals)
        if let image = images[index],
          let cut = cut(image, of: part.image, into: name.count)
        {
          for (piece, place) in zip(cut.parts, name.indices) {
            var plan = Plan(
              part: index, panel: String(name[place]), nameLetters: String(name[place]), cut: piece,
              letter: capitals[place])
            if cut.isAmbiguous { plan.flags.insert(.panelOrder) }
            if cut.isUneven { plan.flags.insert(.unsureCut) }
            plans.append(plan)
          }
        } else {
          plans.append(
            Plan(part: index, panel: "", nameLetters: part.named, flags: [.uncutComposite]))
        }
      } else if let letter = capitals.first {
        present.insert(letter)
        plans.append(
          Plan(part: index, panel: String(name[0]), nameLetters: part.named, letter: letter))
      } else {
        plans.append(Plan(part: index, panel: "", nameLetters: "", flags: [.countMismatch]))
      }
    }
    if present != Set(letters) {
      for index in plans.indices { plans[index].flags.insert(.countMismatch) }
    }
    return plans
  }
}
