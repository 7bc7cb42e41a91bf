import Foundation

extension PDFCollector {
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
      "tesseract", package: "tesseract-ocr tesseract-ocr-chi-sim",
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
      lines[key, default: []].append(
        (
          word,
          Box(
            left: left * scale, top: top * scale, right: (left + width) * scale,
            bottom: (top + height) * scale)
        ))
    }
    return order.compactMap { lines[$0].flatMap(TextLine.init(words:)) }
  }
}
