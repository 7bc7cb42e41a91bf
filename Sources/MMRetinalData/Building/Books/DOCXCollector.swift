import Foundation

/// Extracts the images and paragraphs of a DOCX, and lays them out on one long page.
package struct DOCXCollector {
  let book: URL
  /// The path as it was given, for messages.
  let name: String
  /// Where images are kept.
  let folder: URL

  private static let textLimit = 128 << 20
  private static let imageLimit = 256 << 20

  package init(book: URL, name: String, folder: URL) {
    self.book = book
    self.name = name
    self.folder = folder
  }

  /// Reads the whole document.
  /// - Throws: ``BookError``.
  package func collect() throws -> CollectedBook {
    guard let data = try? Data(contentsOf: book, options: .mappedIfSafe) else {
      throw BookError(book: name, "the file cannot be read")
    }
    let package = try OfficePackage(data, name: name)
    let main = try package.mainPart() ?? "word/document.xml"
    guard let document = try package.part(main, limit: Self.textLimit) else {
      throw BookError(book: name, "the archive contains no Word document")
    }
    let targets = try package.relations(of: main)
    var reader = DOCXReading(bytes: document)
    let blocks = try reader.blocks()
    if reader.declaresEntities {
      throw BookError(book: name, "its XML declares entities, which no word processor writes")
    }
    if reader.isBroken {
      throw BookError(book: name, "its text is truncated; the file is damaged, save it again")
    }
    var layout = DOCXLayout(width: reader.textWidth)
    layout.add(blocks)
    return try images(layout, package, targets)
  }

  /// Writes the images that are laid out, and makes drawings of those that are none.
  private func images(
    _ layout: DOCXLayout, _ package: OfficePackage,
    _ targets: [String: OfficePackage.Relation]
  ) throws -> CollectedBook {
    var page = CollectedPage(
      number: 0, width: layout.width, height: layout.height, lines: layout.lines,
      drawings: layout.drawings)
    var notes: [String] = []
    let uses = Dictionary(grouping: layout.pictures.compactMap { targets[$0.0.link]?.target }) {
      $0
    }
    .mapValues(\.count)
    var kept: [String: (file: String, width: Int, height: Int)?] = [:]
    for (picture, box) in layout.pictures {
      guard let target = targets[picture.link]?.target else {
        page.drawings.append(box)
        continue
      }
      // What stands in many places belongs to the design.
      if (uses[target] ?? 0) >= 3, max(box.width, box.height) < 60 { continue }
      if kept[target] == nil {
        kept[target] = try store(target, package, number: kept.count + 1, notes: &notes)
      }
      guard let (file, width, height) = kept[target] ?? nil else {
        page.drawings.append(box)
        continue
      }
      if width == 0 { continue }
      var image = CollectedImage(box: box, file: file, width: width, height: height)
      image.crop = picture.crop
      image.isMirrored = picture.isMirrored
      image.quarterTurns = picture.quarterTurns
      page.images.append(image)
    }
    return CollectedBook(pages: [page], notes: notes)
  }

  /// Keeps the file of an image; nil when it is no image, width 0 when it is part of the design.
  private func store(
    _ target: String, _ package: OfficePackage, number: Int, notes: inout [String]
  ) throws -> (file: String, width: Int, height: Int)? {
    let shown = (target.split(separator: "/").last.map(String.init) ?? target).abbreviated()
    let bytes: [UInt8]
    do {
      guard let found = try package.part(target, limit: Self.imageLimit) else {
        return nil
      }
      bytes = found
    } catch {
      notes.append("an image was left out: \(error.reason)")
      return nil
    }
    do throws(ImageError) {
      let image = try FundusImage(decoding: Data(bytes), name: shown)
      if DecoyTest.isDecoy(image) || max(image.width, image.height) < 32 { return ("", 0, 0) }
      let kind =
        bytes.starts(with: [0x89, 0x50]) ? "png" : bytes.starts(with: [0xFF, 0xD8]) ? "jpg" : "tif"
      let file = "media\(number).\(kind)"
      try ImageFile.write(Data(bytes), to: folder.appending(path: file), force: true)
      return (file, image.width, image.height)
    } catch {
      notes.append("an image was left out: \(error)")
      return nil
    }
  }
}
