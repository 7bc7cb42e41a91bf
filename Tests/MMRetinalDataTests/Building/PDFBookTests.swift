import Foundation
import MMRetinalData
import Testing

/// Writes small PDF files by hand.
private struct SmallPDF {
  private var objects: [Data] = []
  private var pages: [Int] = []

  init() {
    objects = [Data(), Data(), Data("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".utf8)]
  }

  /// Adds an object and returns its number.
  private mutating func add(_ data: Data) -> Int {
    objects.append(data)
    return objects.count
  }

  private static func stream(_ dictionary: String, _ content: Data) -> Data {
    Data("<<\(dictionary)/Length \(content.count)>>stream\n".utf8) + content
      + Data("\nendstream".utf8)
  }

  /// Adds a page of 400 x 500 points with images (matrix) and lines of text (left, baseline).
  mutating func page(
    images: [(FundusImage, String)], lines: [(Double, Double, String)], rotation: Int = 0
  ) throws {
    var content = ""
    var resources = ""
    for (index, image) in images.enumerated() {
      let data = try image.0.jpegData(quality: 95, subsampling: .none)
      let number = add(
        Self.stream(
          "/Type/XObject/Subtype/Image/Width \(image.0.width)/Height \(image.0.height)"
            + "/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode", data))
      resources += "/I\(index) \(number) 0 R"
      content += "q \(image.1) cm /I\(index) Do Q\n"
    }
    for line in lines { content += "BT /F 10 Tf \(line.0) \(line.1) Td (\(line.2)) Tj ET\n" }
    let text = add(Self.stream("", Data(content.utf8)))
    pages.append(
      add(
        Data(
          ("<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 500]/Rotate \(rotation)/Contents \(text) 0 R"
            + "/Resources<</Font<</F 3 0 R>>/XObject<<\(resources)>>>>>>").utf8)))
  }

  var data: Data {
    var objects = objects
    objects[0] = Data("<</Type/Catalog/Pages 2 0 R>>".utf8)
    objects[1] = Data(
      "<</Type/Pages/Count \(pages.count)/Kids[\(pages.map { "\($0) 0 R" }.joined(separator: " "))]>>"
        .utf8)
    var result = Data("%PDF-1.4\n".utf8)
    var offsets: [Int] = []
    for (index, object) in objects.enumerated() {
      offsets.append(result.count)
      result += Data("\(index + 1) 0 obj\n".utf8) + object + Data("\nendobj\n".utf8)
    }
    let start = result.count
    result += Data("xref\n0 \(objects.count + 1)\n0000000000 65535 f \n".utf8)
    for offset in offsets {
      let digits = "\(offset)"
      result += Data(
        (String(repeating: "0", count: 10 - digits.count) + digits + " 00000 n \n").utf8)
    }
    return result
      + Data("trailer<</Size \(objects.count + 1)/Root 1 0 R>>\nstartxref\n\(start)\n%%EOF\n".utf8)
  }
}

@Suite(
  .enabled(
    if: LimitedProcess.path(of: "pdftohtml") != nil,
    "reading PDF needs poppler-utils: apt-get install poppler-utils"))
struct PDFBookTests {
  let directory = try! TemporaryDirectory()

  /// An image whose left half has one color and whose right half another.
  private func image(_ left: UInt8, _ right: UInt8, width: Int = 120, height: Int = 80)
    -> FundusImage
  {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        let level = x * 2 < width ? left : right
        pixels += [level, level / 2, UInt8((y * 13 + x * 7) % 32)]
      }
    }
    return FundusImage(width: width, height: height, pixels: pixels)
  }

  @Test func pairsImagesWithCaptions() throws {
    var pdf = SmallPDF()
    try pdf.page(
      images: [
        (image(220, 90), "150 0 0 100 40 360"), (image(60, 200), "150 0 0 100 200 360"),
        // Mirrored.
        (image(240, 40), "-150 0 0 100 190 180"),
      ],
      lines: [
        (110, 348, "A"), (270, 348, "B"),
        (40, 330, "Fig. 1-2. Two eyes. A. Photograph of the fluo-"),
        (40, 318, "rescein kind. B. Another one, as in Fig. 1-1."),
        (40, 165, "Fig. 1-3. A mirrored image"),
        (40, 100, "Body text that refers to Fig. 1-2 in its first line and goes"),
        (40, 88, "on in a second one, which belongs to no figure at all."),
      ])
    // Shown lying down; the image has no caption.
    try pdf.page(images: [(image(200, 50), "100 0 0 150 100 200")], lines: [], rotation: 90)
    let book = try directory.write(pdf.data, to: "atlas.pdf")
    let out = directory.url.appending(path: "out")
    let rows = try BookBuild(books: [book.path], out: out).run().rows
    #expect(rows.map(\.figure) == ["1-2", "1-2", "1-3", ""])
    #expect(rows.map(\.panel) == ["A", "B", "", ""])
    #expect(rows.map(\.page) == [1, 1, 1, 2])
    #expect(rows.allSatisfy { $0.book == "atlas" })
    #expect(
      rows.map(\.caption) == [
        "Two eyes. Photograph of the fluorescein kind.",
        "Two eyes. Another one, as in Fig. 1-1.", "A mirrored image", "",
      ])
    #expect(rows[1].references == ["1-1"])
    #expect(rows[3].flags.contains(.noCaption))
    func levels(_ row: PairRow) throws -> (left: UInt8, right: UInt8, width: Int, height: Int) {
      let image = try FundusImage(contentsOf: out.appending(path: row.image))
      let middle = image.height / 2 * image.width * 3
      return (
        image.pixels[middle + 30], image.pixels[middle + (image.width - 10) * 3], image.width,
        image.height
      )
    }
    let first = try levels(rows[0])
    #expect(first.left > 200 && first.right < 110 && abs(first.width - 120) <= 2)
    let mirrored = try levels(rows[2])
    #expect(mirrored.left < 60 && mirrored.right > 220)
    let turned = try FundusImage(contentsOf: out.appending(path: rows[3].image))
    #expect(turned.width > turned.height)
    // Nothing is left in the steps but what they are for.
    let steps = try FileManager.default.contentsOfDirectory(
      atPath: out.appending(path: "steps").path)
    #expect(steps.sorted() == ["atlas", "build.json"])
  }

  @Test func leavesOutThePaperAroundAClippedImage() throws {
    var pdf = SmallPDF()
    // 150 x 100 points, of which the page shows 90 x 60.
    try pdf.page(
      images: [
        (image(220, 90), "1 0 0 1 0 0 cm 70 380 90 60 re W n 150 0 0 100 40 360")
      ], lines: [(40, 340, "Fig. 1-2. A clipped image")])
    let book = try directory.write(pdf.data, to: "clip.pdf")
    let out = directory.url.appending(path: "clip")
    let rows = try BookBuild(books: [book.path], out: out).run().rows
    #expect(rows.map(\.figure) == ["1-2"])
    let shown = try FundusImage(contentsOf: out.appending(path: rows[0].image))
    #expect(abs(shown.width - 72) <= 2 && abs(shown.height - 48) <= 2)
  }

  @Test func flagsImagesThatShareTheirPlace() throws {
    var pdf = SmallPDF()
    // The first image is wider than the page shows: the second one stands on its right part.
    try pdf.page(
      images: [
        (image(220, 90), "1 0 0 1 0 0 cm 40 300 140 120 re W n 300 0 0 120 40 300"),
        (image(60, 200), "150 0 0 100 210 310"),
      ],
      lines: [(40, 280, "Fig. 1-2. Clipped"), (210, 280, "Fig. 1-3. Whole")])
    let book = try directory.write(pdf.data, to: "shared.pdf")
    let rows = try BookBuild(
      books: [book.path], out: directory.url.appending(path: "shared")
    ).run().rows
    #expect(!rows.isEmpty && rows.allSatisfy { !$0.flags.isEmpty })
    #expect(rows.contains { $0.flags.contains(.coveredImage) })
  }

  @Test func flagsImagesAtASlant() throws {
    var pdf = SmallPDF()
    // By 15 degrees; and by a right angle, which is no slant.
    try pdf.page(
      images: [
        (image(220, 90), "145 39 -26 97 80 300"), (image(220, 90), "0 150 -100 0 330 300"),
      ],
      lines: [(80, 280, "Fig. 1-2. At a slant"), (240, 280, "Fig. 1-3. Upright")])
    let book = try directory.write(pdf.data, to: "slant.pdf")
    let rows = try BookBuild(
      books: [book.path], out: directory.url.appending(path: "slant")
    ).run().rows
    #expect(rows.map(\.figure) == ["1-2", "1-3"])
    #expect(rows.map { $0.flags.contains(.slantedImage) } == [true, false])
  }

  @Test func refusesDamage() throws {
    var pdf = SmallPDF()
    try pdf.page(images: [], lines: [(40, 100, "Fig. 1-1. Nothing")])
    let whole = pdf.data
    let book = try directory.write(whole.prefix(whole.count / 2), to: "cut.pdf")
    let out = directory.url.appending(path: "none")
    #expect(throws: BookError.self) { try BookBuild(books: [book.path], out: out).run() }
    #expect(!FileManager.default.fileExists(atPath: out.path))
  }

  /// A page of text and an image, printed and scanned.
  private func scan() throws -> URL {
    var printed = SmallPDF()
    try printed.page(
      images: [(image(220, 90), "240 0 0 160 80 280")],
      lines: [
        (40, 470, "Swelling of the optic disc has many causes, and both eyes must be examined."),
        (80, 255, "Fig. 1-2. Optic disc edema of the right eye in a"),
        (80, 243, "young woman with headache."),
        (40, 180, "Treatment depends on the cause of the swelling and on the visual acuity."),
      ])
    let paper = try directory.write(printed.data, to: "printed.pdf")
    try LimitedProcess(directory: directory.url).run(
      "pdftoppm", package: "poppler-utils", ["-r", "200", "-singlefile", paper.path, "scan"])
    let image = try FundusImage(contentsOf: directory.url.appending(path: "scan.ppm"))
    var scanned = SmallPDF()
    try scanned.page(images: [(image, "400 0 0 500 0 0")], lines: [])
    return try directory.write(scanned.data, to: "scanned.pdf")
  }

  @Test(
    .enabled(
      if: LimitedProcess.path(of: "tesseract") != nil,
      "reading scans needs apt-get install tesseract-ocr tesseract-ocr-chi-sim"))
  func readsScannedPages() throws {
    var build = BookBuild(
      books: [try scan().path], out: directory.url.appending(path: "ocr"))
    build.usesOCR = true
    let rows = try build.run().rows
    #expect(rows.map(\.figure) == ["1-2"])
    let row = try #require(rows.first)
    // OCR may miss a space.
    #expect(
      row.caption.filter { $0 != " " } == "Opticdiscedemaoftherighteyeinayoungwomanwithheadache.")
    // What OCR read is looked at before it is used.
    #expect(row.flags.contains(.recognizedText) && row.page == 1)
    let image = try FundusImage(
      contentsOf: directory.url.appending(path: "ocr/" + row.image))
    #expect(abs(Double(image.width) / Double(image.height) - 1.5) < 0.06)
  }

  @Test func chineseOfTesseractHasNoSpaces() {
    let head = "level\tpage\tblock\tpar\tline\tword\tleft\ttop\twidth\theight\tconf\ttext\n"
    let words = ["图1-2", "视盘", "水", "肿", "OCT", "scan"].enumerated().map { index, word in
      "5\t1\t1\t1\t1\t\(index)\t\(index * 90)\t100\t60\t\(20 + index)\t90\t\(word)\n"
    }
    let lines = PDFCollector.lines(ofTable: head + words.joined(), scale: 0.5)
    #expect(lines.map(\.text) == ["图1-2 视盘水肿 OCT scan"])
    #expect(lines.map(\.size) == [12])
  }
}
