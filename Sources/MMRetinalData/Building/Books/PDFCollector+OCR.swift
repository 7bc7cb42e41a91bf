import Foundation

extension PDFCollector {
  /// What Tesseract is installed from.
  private static let packages = "tesseract-ocr tesseract-ocr-chi-sim"

  /// Checks that Tesseract and its languages are installed.
  /// - Throws: ``BookError`` that names the package.
  func checkRecognition() throws {
    let listed = try child.run("tesseract", package: Self.packages, ["--list-langs"])
    let names = Set(
      String(decoding: listed, as: UTF8.self).split(whereSeparator: \.isNewline).map {
        String($0).trimmed
      })
    for (name, package) in [("eng", "tesseract-ocr-eng"), ("chi_sim", "tesseract-ocr-chi-sim")]
    where !names.contains(name) {
      throw BookError(
        .failure, book: self.name,
        "Tesseract lacks the language '\(name)'; install it with 'apt-get install \(package)'")
    }
  }

  /// Reads the text of a scanned page with Tesseract, and finds the images on it.
  /// - Returns: the places of images; none if the page holds no text.
  func recognize(_ page: inout CollectedPage, _ map: InkMap) throws -> [PDFReading.Placement] {
    let resolution = 300.0
    let whole = Box(left: 0, top: 0, right: page.width, bottom: page.height)
    guard page.width * page.height < 4_000_000,
      let image = try render(page: page.number, resolution: resolution, region: whole)
    else { return [] }
    let stem = "ocr-\(page.number)"
    let file = scratch.appending(path: stem + ".png")
    defer {
      for suffix in [".png", ".tsv"] {
        try? FileManager.default.removeItem(at: scratch.appending(path: stem + suffix))
      }
    }
    try image.writePNG(to: file, compression: 1, force: true)
    try child.run(
      "tesseract", package: Self.packages,
      [file.path, stem, "-l", "eng+chi_sim", "--dpi", "\(Int(resolution))", "tsv"])
    let text = String(
      decoding: (try? Data(contentsOf: scratch.appending(path: stem + ".tsv"))) ?? Data(),
      as: UTF8.self)
    page.lines = Self.lines(ofTable: text, scale: 72 / resolution)
    page.isRecognized = true
    let words = page.lines.flatMap(\.words)
    guard !words.isEmpty else { return [] }
    return map.drawings(images: [], words: words).map { box in
      var placement = PDFReading.Placement(box: box, source: "")
      placement.resolution = resolution
      placement.isScanned = true
      return placement
    }
  }

  /// Lines of words out of Tesseract's table.
  package static func lines(ofTable text: String, scale: Double) -> [TextLine] {
    var lines: [String: [(text: String, box: Box)]] = [:]
    var order: [String] = []
    // Heights of words by their block: those of a line depend on its letters.
    var heights: [Substring: [Double]] = [:]
    for row in text.split(whereSeparator: \.isNewline).dropFirst() {
      let cells = row.split(separator: "\t", omittingEmptySubsequences: false)
      guard cells.count >= 12, cells[0] == "5", let left = Double(cells[6]),
        let top = Double(cells[7]),
        let width = Double(cells[8]), let height = Double(cells[9]), (Double(cells[10]) ?? 0) > 30
      else { continue }
      let word = String(cells[11]).trimmed
      if word.isEmpty { continue }
      let key = cells[2...4].joined(separator: " ")
      if lines[key] == nil { order.append(key) }
      heights[cells[2], default: []].append(height * scale)
      lines[key, default: []].append(
        (
          word,
          Box(
            left: left * scale, top: top * scale, right: (left + width) * scale,
            bottom: (top + height) * scale)
        ))
    }
    return order.compactMap { key in
      guard var line = lines[key].flatMap(TextLine.init(words:)) else { return nil }
      let block = heights[key.prefix { $0 != " " }, default: []].sorted()
      if !block.isEmpty { line.size = max(1, block[block.count / 2].rounded()) }
      line.text = Self.withoutSpaces(line.text)
      return line
    }
  }

  /// A text without the spaces that Tesseract puts between Chinese characters.
  private static func withoutSpaces(_ text: String) -> String {
    let characters = Array(text)
    var result = ""
    for (index, character) in characters.enumerated() {
      if character == " ", index > 0, index + 1 < characters.count,
        characters[index - 1].isIdeograph, characters[index + 1].isIdeograph
      {
        continue
      }
      result.append(character)
    }
    return result
  }
}
