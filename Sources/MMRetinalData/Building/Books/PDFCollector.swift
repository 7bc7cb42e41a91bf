import Foundation
import FundusTensor

/// Extracts the images and the text of a PDF with Poppler's programs, as they appear on its pages.
package struct PDFCollector {
  let book: URL
  /// The path as it was given, for messages.
  let name: String
  /// Where images are kept.
  let folder: URL
  /// Where programs may write; emptied by the caller.
  let scratch: URL
  let usesOCR: Bool

  /// Pages that are read by one call of a program.
  private static let chunk = 32
  /// Pixels of the largest image that is kept; larger ones are scaled down.
  private static let pixelLimit = 40_000_000.0

  package init(book: URL, name: String, folder: URL, scratch: URL, usesOCR: Bool) {
    self.book = book
    self.name = name
    self.folder = folder
    self.scratch = scratch
    self.usesOCR = usesOCR
  }

  var child: LimitedProcess { LimitedProcess(directory: scratch) }

  /// Reads the whole book.
  /// - Throws: ``BookError``.
  package func collect(progress: (Int, Int) -> Void) throws -> CollectedBook {
    do {
      return try read(progress: progress)
    } catch let failure as LimitedProcess.Failure {
      throw BookError(failure, book: name)
    }
  }

  /// Checks that the file is a PDF that can be read, without reading all of it.
  /// - Returns: the number of pages.
  package func check() throws -> Int {
    do {
      guard let file = try? FileHandle(forReadingFrom: book) else {
        throw BookError(book: name, "the file cannot be read")
      }
      defer { try? file.close() }
      let head = (try? file.read(upToCount: 1024)) ?? Data()
      guard head.range(of: Data("%PDF-".utf8)) != nil else {
        throw BookError(book: name, head.isEmpty ? "the file is empty" : "the file is not a PDF")
      }
      let size = (try? file.seekToEnd()) ?? 0
      try? file.seek(toOffset: size > 4096 ? size - 4096 : 0)
      let tail = (try? file.readToEnd()) ?? Data()
      guard
        tail.range(of: Data("%%EOF".utf8)) != nil || tail.range(of: Data("startxref".utf8)) != nil
      else {
        throw BookError(book: name, "the PDF is truncated: its end is missing; download it again")
      }
      let text = String(
        decoding: try child.run("pdfinfo", package: "poppler-utils", [book.path]), as: UTF8.self)
      guard
        let count = text.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix("Pages:") })
          .flatMap({ Int($0.dropFirst(6).trimmingCharacters(in: .whitespaces)) }), count > 0
      else { throw BookError(book: name, "the PDF has no pages; it may be damaged") }
      return count
    } catch let failure as LimitedProcess.Failure {
      throw BookError(failure, book: name)
    }
  }

  private func read(progress: (Int, Int) -> Void) throws -> CollectedBook {
    let count = try check()
    if usesOCR { try checkRecognition() }
    let info = try child.run(
      "pdfinfo", package: "poppler-utils", ["-box", "-f", "1", "-l", "\(count)", book.path])
    let sizes = PDFReading.sizes(String(decoding: info, as: UTF8.self))
    var result = CollectedBook(pages: [])
    var placements: [[PDFReading.Placement]] = []
    for start in stride(from: 1, through: count, by: Self.chunk) {
      let range = start...min(count, start + Self.chunk - 1)
      for (page, images) in try pages(range, sizes: sizes, notes: &result.notes) {
        result.pages.append(page)
        placements.append(images)
      }
      progress(range.upperBound / 2, count)
    }
    let ornaments = Self.ornaments(placements)
    let work = result.pages.indices.filter { !placements[$0].isEmpty }
    var done = 0
    let slots = ThreadPool.threadCount
    for start in stride(from: 0, to: work.count, by: max(1, slots)) {
      let part = Array(work[start..<min(work.count, start + slots)])
      let pages = result.pages
      let found = placements
      let rendered = ThreadPool.map(part.count) { index in
        Result { () throws -> ([CollectedImage], [String]) in
          try PDFRendering(collector: self, page: pages[part[index]], ornaments: ornaments)
            .images(of: found[part[index]])
        }
      }
      for (index, outcome) in zip(part, rendered) {
        do {
          let (images, notes) = try outcome.get()
          result.pages[index].images = images
          result.notes += notes
        } catch let failure as LimitedProcess.Failure {
          if case .missing = failure { throw failure }
          result.notes.append(
            "page \(result.pages[index].number): its images could not be rendered (\(failure))")
        }
      }
      done += part.count
      progress(count / 2 + done * (count - count / 2) / max(1, work.count), count)
    }
    return result
  }

  /// Objects that belong to the design: at the same place, or small, on three pages or more. An image
  /// that is shown again elsewhere is none.
  private static func ornaments(_ placements: [[PDFReading.Placement]]) -> Set<String> {
    var pages: [String: Set<Int>] = [:]
    for (page, images) in placements.enumerated() {
      for image in images where !image.object.isEmpty {
        let box = image.box
        let place =
          max(box.width, box.height) < 60
          ? "" : "\(Int(box.left / 4)) \(Int(box.top / 4)) \(Int(box.right / 4))"
        pages["\(image.object)/\(place)", default: []].insert(page)
      }
    }
    return Set(
      pages.filter { $0.value.count >= 3 }.keys.map { String($0.prefix { $0 != "/" }) })
  }

  // MARK: - Text and places

  private func pages(
    _ range: ClosedRange<Int>, sizes: [Int: PDFReading.PageSize], notes: inout [String]
  ) throws -> [(CollectedPage, [PDFReading.Placement])] {
    let limits = ["-f", "\(range.lowerBound)", "-l", "\(range.upperBound)"]
    let text: Data
    var layout: [Int: (images: [PDFReading.Placement], runs: [PDFReading.FontRun])]
    let dumps = scratch.appending(path: "dumps-\(range.lowerBound)")
    try? FileManager.default.removeItem(at: dumps)
    try FileManager.default.createDirectory(at: dumps, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: dumps) }
    do {
      text = try child.run(
        "pdftotext", package: "poppler-utils",
        limits + ["-bbox-layout", "-enc", "UTF-8", book.path, "-"])
      var html = LimitedProcess(directory: dumps)
      html.processorSeconds = 60 + 4 * range.count
      try html.run(
        "pdftohtml", package: "poppler-utils",
        limits + [
          "-xml", "-zoom", "3", "-hidden", "-nomerge", "-q", "-noroundcoord", book.path, "o",
        ])
      let file = dumps.appending(path: "o.xml")
      layout = PDFReading.layout(Array((try? Data(contentsOf: file)) ?? Data()))
      PDFReading.addPixels(
        String(
          decoding: try child.run(
            "pdfimages", package: "poppler-utils", limits + ["-list", book.path]), as: UTF8.self),
        to: &layout)
    } catch let failure as LimitedProcess.Failure {
      if case .missing = failure { throw failure }
      if range.count == 1 {
        notes.append("page \(range.lowerBound): it could not be read (\(failure))")
        let size = sizes[range.lowerBound]
        return [
          (
            CollectedPage(
              number: range.lowerBound, width: size?.width ?? 0, height: size?.height ?? 0), []
          )
        ]
      }
      return try range.flatMap { try pages($0...$0, sizes: sizes, notes: &notes) }
    }
    let lines = PDFReading.lines(Array(text), first: range.lowerBound)
    let ink = try? inkMaps(range)
    return try range.map { number in
      let size =
        sizes[number]
        ?? PDFReading.PageSize(
          width: 612, height: 792, shown: Box(left: 0, top: 0, right: 612, bottom: 792))
      let runs = layout[number]?.runs ?? []
      var page = CollectedPage(number: number, width: size.width, height: size.height)
      page.lines = (lines[number] ?? [])
        .filter { size.shown.contains(x: $0.box.middleX, y: $0.box.middleY) }
        .map { line in
          var line = line
          line.font =
            runs.first {
              $0.box.grown(by: 1).contains(
                x: (line.words.first ?? line.box).middleX, y: line.box.middleY)
            }?.font ?? ""
          return line
        }
      let images = (layout[number]?.images ?? []).compactMap { image -> PDFReading.Placement? in
        guard let shown = image.box.intersection(size.shown),
          shown.area > 0.05 * image.box.area
        else { return nil }
        var image = image
        image.isCutOff = shown.area < 0.9 * image.box.area
        image.box = shown
        return image
      }
      if usesOCR, page.lines.isEmpty, let map = ink?[number] {
        let scanned = try recognize(&page, map)
        if !scanned.isEmpty { return (page, scanned) }
      }
      if let map = ink?[number] {
        page.drawings = map.drawings(
          images: images.map(\.box), words: page.lines.flatMap(\.words))
      }
      return (page, images)
    }
  }

  /// Small gray renderings of pages, by their numbers.
  private func inkMaps(_ range: ClosedRange<Int>) throws -> [Int: InkMap] {
    let folder = scratch.appending(path: "ink-\(range.lowerBound)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var process = LimitedProcess(directory: folder)
    process.processorSeconds = 60 + 4 * range.count
    try process.run(
      "pdftoppm", package: "poppler-utils",
      [
        "-f", "\(range.lowerBound)", "-l", "\(range.upperBound)", "-gray", "-r",
        "\(InkMap.resolution)", book.path, "p",
      ])
    var result: [Int: InkMap] = [:]
    for file in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
      guard file.hasPrefix("p-"), file.hasSuffix(".pgm"),
        let page = Int(file.dropFirst(2).dropLast(4)),
        let image = try? FundusImage(contentsOf: folder.appending(path: file))
      else { continue }
      result[page] = InkMap(image)
    }
    return result
  }

  // MARK: - Rendering

  /// Renders a part of a page.
  func render(page: Int, resolution: Double, region: Box) throws -> FundusImage? {
    let scale = resolution / 72
    let x = Int((region.left * scale).rounded(.down)), y = Int((region.top * scale).rounded(.down))
    let width = Int((region.right * scale).rounded(.up)) - x
    let height = Int((region.bottom * scale).rounded(.up)) - y
    guard width > 0, height > 0 else { return nil }
    let stem = "r-\(page)-\(UInt64.random(in: .min ... .max))"
    let file = scratch.appending(path: stem + ".ppm")
    defer { try? FileManager.default.removeItem(at: file) }
    var process = child
    process.processorSeconds = 60
    try process.run(
      "pdftoppm", package: "poppler-utils",
      [
        "-f", "\(page)", "-l", "\(page)", "-r", "\(resolution)", "-x", "\(x)", "-y", "\(y)", "-W",
        "\(width)", "-H", "\(height)", "-singlefile", book.path, stem,
      ])
    return try? FundusImage(contentsOf: file)
  }

  /// The resolution at which an image has its own pixels, or as many as are kept.
  func resolution(of image: PDFReading.Placement, box: Box) -> Double {
    let native = image.resolution > 0 ? image.resolution : 150
    let area = box.area / (72 * 72)
    return max(18, min(native, 1200, (Self.pixelLimit / max(area, 1e-6)).squareRoot()))
  }
}
