import Foundation

/// The parsed output of Poppler's programs for a PDF.
package enum PDFReading {
  /// A page's measures, turned as it is shown.
  package struct PageSize: Sendable, Hashable {
    package var width: Double
    package var height: Double
    /// The part that is shown.
    package var shown: Box
  }

  /// An image where a page draws it, without its pixels.
  package struct Placement: Sendable, Hashable {
    package var box: Box
    /// The name of the file that pdftohtml wrote.
    package var source: String
    /// Pixels of the stored image; 0 if unknown.
    package var pixelWidth = 0
    package var pixelHeight = 0
    /// Pixels an inch.
    package var resolution = 0.0
    /// The number of the image's object in the file; empty for inline images.
    package var object = ""
    package var hasMask = false
    /// The sides of the image on the page, in points; 0 if unknown.
    package var shownWidth = 0.0
    package var shownHeight = 0.0
    /// Whether the image is turned by another angle than a right one, or slanted: its box has other sides.
    package var isSlanted = false
    /// Whether a part of the image lies beyond the page.
    package var isCutOff = false
    /// Whether this is a part of a scanned page.
    package var isScanned = false
  }

  /// A run of text in one font.
  package struct FontRun: Sendable, Hashable {
    package var box: Box
    package var font: String
  }

  /// Reads the output of `pdfinfo -box -f 1 -l N`.
  package static func sizes(_ text: String) -> [Int: PageSize] {
    var size: [Int: (Double, Double)] = [:]
    var turns: [Int: Int] = [:]
    var media: [Int: [Double]] = [:]
    var crop: [Int: [Double]] = [:]
    for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("Page ") {
      let words = line.split(separator: " ").map(String.init)
      guard words.count >= 4, let page = Int(words[1]) else { continue }
      let numbers = words[3...].compactMap(Double.init)
      switch words[2] {
      case "size:" where numbers.count >= 2: size[page] = (numbers[0], numbers[1])
      case "rot:": turns[page] = Int(numbers.first ?? 0)
      case "MediaBox:" where numbers.count == 4: media[page] = numbers
      case "CropBox:" where numbers.count == 4: crop[page] = numbers
      default: break
      }
    }
    var result: [Int: PageSize] = [:]
    for (page, fallback) in size {
      let whole = media[page] ?? [0, 0, fallback.0, fallback.1]
      let part = crop[page] ?? whole
      let (width, height) = (whole[2] - whole[0], whole[3] - whole[1])
      guard width > 1, height > 1, width < 1e5, height < 1e5 else { continue }
      // From the lower left corner to the upper left, then turned with the page.
      let (l, r) = (part[0] - whole[0], part[2] - whole[0])
      let (t, b) = (whole[3] - part[3], whole[3] - part[1])
      let shown: Box
      switch ((turns[page] ?? 0) % 360 + 360) % 360 {
      case 90: shown = Box(left: height - b, top: l, right: height - t, bottom: r)
      case 180: shown = Box(left: width - r, top: height - b, right: width - l, bottom: height - t)
      case 270: shown = Box(left: t, top: width - r, right: b, bottom: width - l)
      default: shown = Box(left: l, top: t, right: r, bottom: b)
      }
      let isTurned = (turns[page] ?? 0) % 180 != 0
      result[page] = PageSize(
        width: isTurned ? height : width, height: isTurned ? width : height, shown: shown)
    }
    return result
  }

  /// Reads the output of `pdftohtml -xml -zoom 3`.
  package static func layout(
    _ bytes: [UInt8], zoom: Double = 3
  ) -> [Int: (images: [Placement], runs: [FontRun])] {
    var scanner = XMLScanner(bytes)
    var result: [Int: (images: [Placement], runs: [FontRun])] = [:]
    var fonts: [String: String] = [:]
    var page = 0
    while let event = scanner.next() {
      guard case .start(let name, let attributes) = event else { continue }
      func number(_ key: String) -> Double { Double(attributes[key] ?? "") ?? 0 }
      func box() -> Box {
        let (left, top) = (number("left") / zoom, number("top") / zoom)
        return Box(
          left: left, top: top, right: left + number("width") / zoom,
          bottom: top + number("height") / zoom)
      }
      switch name {
      case "page":
        page = Int(number("number"))
        result[page] = ([], [])
      case "fontspec":
        let family = (attributes["family"] ?? "").split(separator: "+").last.map(String.init) ?? ""
        fonts[attributes["id"] ?? ""] = "\(family) \(attributes["size"] ?? "")"
      case "image":
        result[page]?.images.append(Placement(box: box(), source: attributes["src"] ?? ""))
      case "text":
        result[page]?.runs.append(
          FontRun(box: box(), font: fonts[attributes["font"] ?? ""] ?? ""))
      default: break
      }
    }
    return result
  }

  /// Adds what `pdfimages -list` knows to the placements of pages.
  package static func addPixels(
    _ list: String, to pages: inout [Int: (images: [Placement], runs: [FontRun])]
  ) {
    var entries: [Int: [Placement]] = [:]
    for line in list.split(whereSeparator: \.isNewline).dropFirst(2) {
      let words = line.split(separator: " ").map(String.init)
      guard words.count >= 14, let page = Int(words[0]), let width = Int(words[3]),
        let height = Int(words[4])
      else { continue }
      if words[2] == "smask" || words[2] == "mask" {
        if let last = entries[page]?.indices.last { entries[page]![last].hasMask = true }
        continue
      }
      // An inline image has "[inline]" in place of object and generation.
      let isInline = words.contains("[inline]")
      let shift = isInline ? 1 : 0
      var entry = Placement(
        box: Box(left: 0, top: 0, right: 0, bottom: 0), source: "", pixelWidth: width,
        pixelHeight: height)
      entry.object = isInline ? "" : words[10]
      let (across, down) = (Double(words[12 - shift]) ?? 0, Double(words[13 - shift]) ?? 0)
      entry.resolution = max(across, down)
      // Resolutions are listed as whole numbers.
      if min(across, down) >= 30 {
        entry.shownWidth = Double(width) * 72 / across
        entry.shownHeight = Double(height) * 72 / down
      }
      entries[page, default: []].append(entry)
    }
    for (page, listed) in entries {
      guard var images = pages[page]?.images, !images.isEmpty else { continue }
      if images.count == listed.count {
        for index in images.indices { images[index].take(listed[index]) }
      } else {
        // Masks are counted differently: the entry that fits in shape and resolution.
        for index in images.indices {
          let box = images[index].box
          if let best = listed.min(by: { $0.misfit(to: box) < $1.misfit(to: box) }),
            best.misfit(to: box) < 0.15
          {
            images[index].take(best)
          } else {
            images[index].resolution = min(300, listed.map(\.resolution).max() ?? 150)
          }
        }
      }
      pages[page]!.images = images
    }
  }

  /// Reads the output of `pdftotext -bbox-layout`: lines of words by page, counted from `first`.
  package static func lines(_ bytes: [UInt8], first: Int) -> [Int: [TextLine]] {
    var scanner = XMLScanner(bytes)
    var result: [Int: [[(text: String, box: Box)]]] = [:]
    var page = first - 1
    var words: [(text: String, box: Box)] = []
    var word: (text: String, box: Box)?
    while let event = scanner.next() {
      switch event {
      case .start("page", _): page += 1
      case .start("line", _): words = []
      case .start("word", let attributes):
        func number(_ key: String) -> Double { Double(attributes[key] ?? "") ?? 0 }
        word = (
          "",
          Box(
            left: number("xMin"), top: number("yMin"), right: number("xMax"),
            bottom: number("yMax"))
        )
      case .text(let text): word?.text += text
      case .end("word"):
        if let found = word, !found.text.allSatisfy(\.isWhitespace) { words.append(found) }
        word = nil
      case .end("line"):
        if !words.isEmpty { result[page, default: []].append(words) }
      default: break
      }
    }
    return result.mapValues { lines in
      // Short labels below each other, as in a drawing, are no column.
      let wide = lines.filter { ($0.last?.box.right ?? 0) - $0[0].box.left > 80 }
      let starts = columnStarts(wide.map { $0[0].box.left })
      let pieces = lines.flatMap { split($0, at: starts, among: lines) }.compactMap(
        TextLine.init(words:))
      return TextLine.rejoined(TextLine.merged(pieces, columns: starts), columns: starts)
    }
  }

  /// Where so many lines begin that a column begins there.
  private static func columnStarts(_ lefts: [Double]) -> [Double] {
    var result: [Double] = []
    for left in lefts.sorted() where lefts.count(where: { abs($0 - left) < 1 }) >= 4 {
      if result.last.map({ left - $0 > 30 }) ?? true { result.append(left) }
    }
    return result
  }

  /// Cuts a line that runs over the gap between columns. A wide line above columns may have a word where
  /// one begins: then a word of the line before or after it lies across.
  private static func split(
    _ words: [(text: String, box: Box)], at starts: [Double],
    among lines: [[(text: String, box: Box)]]
  ) -> [[(text: String, box: Box)]] {
    func isCrossed(_ word: Box) -> Bool {
      lines.joined().contains { other in
        let distance = abs(other.box.middleY - word.middleY)
        return distance > 0.5 * word.height && distance < 2 * word.height
          && other.box.left < word.left - 2 && other.box.right > word.left + 2
      }
    }
    var result: [[(text: String, box: Box)]] = [[]]
    for word in words {
      if let last = result.last?.last, word.box.left - last.box.right > 1.5,
        starts.contains(where: { abs($0 - word.box.left) < 1 }),
        starts.contains(where: { $0 < last.box.left + 1 }), !isCrossed(word.box)
      {
        result.append([])
      }
      result[result.count - 1].append(word)
    }
    return result
  }
}

extension TextLine {
  /// A line of words; nil for none.
  package init?(words: [(text: String, box: Box)]) {
    guard let box = Box.around(words.map(\.box)) else { return nil }
    let heights = words.map(\.box.height).sorted()
    let size = heights[heights.count / 2]
    var text = ""
    for (index, word) in words.enumerated() {
      if index > 0 {
        let gap = word.box.left - words[index - 1].box.right
        let joins =
          (text.last?.isIdeograph == true || word.text.first?.isIdeograph == true)
          && gap < 0.2 * size
        if !joins { text += " " }
      }
      text += word.text
    }
    self.init(box: box, text: text, size: size, words: words.map(\.box))
  }
}

extension Character {
  /// Whether this is Chinese: an ideograph, or punctuation as Chinese is set with.
  package var isIdeograph: Bool {
    guard let value = unicodeScalars.first?.value else { return false }
    return (0x4E00...0x9FFF).contains(value) || (0x3400...0x4DBF).contains(value)
      || (0x20000...0x3FFFF).contains(value) || (0x3000...0x303F).contains(value)
      || (0xFF00...0xFFEF).contains(value) || (0xF900...0xFAFF).contains(value)
  }
}
