import Foundation

/// Reads a folder of images that are named by their figures, and of text files with captions.
package struct FolderCollector {
  let book: URL
  /// The path as it was given, for messages.
  let name: String
  /// The folder of the build, which is not read should it lie within the book's.
  let out: URL

  package init(book: URL, name: String, out: URL) {
    self.book = book
    self.name = name
    self.out = out
  }

  private static let textLimit = 64 << 20

  /// Finds images and paragraphs.
  /// - Throws: ``BookError`` when there are no images.
  package func collect() throws -> CollectedBook {
    let entries: [String]
    do {
      entries = try FileManager.default.contentsOfDirectory(atPath: book.path).sorted()
    } catch {
      throw BookError(book: name, "the folder cannot be read")
    }
    var page = CollectedPage(number: 0, width: 0, height: 0)
    var notes: [String] = []
    var folders = 0
    for entry in entries where !entry.hasPrefix(".") {
      let url = book.appending(path: entry)
      var status = stat()
      guard lstat(url.path, &status) == 0 else { continue }
      let shown = "'\(entry.abbreviated(to: 120))'"
      switch status.st_mode & S_IFMT {
      case S_IFREG: break
      case S_IFDIR:
        if url.standardizedFileURL.path != out.standardizedFileURL.path { folders += 1 }
        continue
      case S_IFLNK:
        notes.append("\(shown) is a link and was left out")
        continue
      default:
        notes.append("\(shown) is not a regular file and was left out")
        continue
      }
      let suffix = url.pathExtension.lowercased()
      if suffix == "txt" {
        guard status.st_size <= Self.textLimit, let data = try? Data(contentsOf: url),
          let text = String(validating: Self.withoutMark([UInt8](data)), as: UTF8.self)
        else {
          throw BookError(
            book: name,
            status.st_size > Self.textLimit
              ? "\(shown) has \(status.st_size) bytes, at most \(Self.textLimit) are read"
              : "\(shown) is not UTF-8 text; save it as UTF-8")
        }
        page.lines += Self.paragraphs(text)
      } else if ImageFormat.fileExtensions.contains(suffix) {
        page.images.append(
          CollectedImage(
            box: Box(left: 0, top: 0, right: 0, bottom: 0), file: url.path, width: 0, height: 0))
      } else {
        notes.append("\(shown) is neither an image nor a text and was left out")
      }
    }
    if folders > 0 {
      notes.append(
        "\(counted(folders, "folder")) within it \(folders == 1 ? "was" : "were") left out"
      )
    }
    if page.images.isEmpty {
      throw BookError(book: name, "the folder contains no images (JPEG, PNG, TIFF, BMP)")
    }
    return CollectedBook(pages: [page], notes: notes)
  }

  private static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    bytes.starts(with: TextEncoding.mark) ? bytes.dropFirst(3) : bytes[...]
  }

  /// Captions: paragraphs up to an empty line or the next label.
  package static func paragraphs(_ text: String) -> [TextLine] {
    var result: [[String]] = []
    var isOpen = false
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      let line = String(line).trimmed
      if line.isEmpty {
        isOpen = false
        continue
      }
      let label = FigureLabel(Array(line.prefix(60)))
      // A line that begins with a reference within a sentence is no caption.
      let isReference =
        label.map { label in
          guard isOpen, let last = result.last?.last?.last else { return false }
          let rest = line.dropFirst(label.length)
          return !".。．!?！？;；:：".contains(last) && !label.isClosed
            && (rest.first.map { $0.isLowercase || ",，)）;；".contains($0) } ?? true)
        } ?? false
      if isOpen, label == nil || isReference {
        result[result.count - 1].append(line)
      } else {
        result.append([line])
        isOpen = true
      }
    }
    let printed = PrintedText(lines: result.joined())
    return result.map { lines in
      TextLine(
        box: Box(left: 0, top: 0, right: 0, bottom: 0), text: printed.joined(lines), size: 10,
        isParagraph: true)
    }
  }

  // MARK: - Figures

  /// Gives images to captions by the numbers in their names.
  package static func figuresMatchedByNumber(
    in book: CollectedBook, configuration: BookConfiguration
  ) -> [BookFigure] {
    guard let page = book.pages.first else { return [] }
    var captions: [String: BookFigure] = [:]
    for line in page.lines {
      guard let caption = caption(line.text, configuration) else { continue }
      let key = caption.key
      guard var known = captions[key] else {
        captions[key] = BookFigure(
          number: caption.number, english: caption.english, chinese: caption.chinese,
          flags: caption.flags)
        continue
      }
      // The other language of the same figure, or a second caption of its number.
      if known.english.isEmpty, caption.chinese.isEmpty, !caption.english.isEmpty {
        known.english = caption.english
        known.flags.formUnion(caption.flags)
      } else if known.chinese.isEmpty, caption.english.isEmpty, !caption.chinese.isEmpty {
        known.chinese = caption.chinese
        known.flags.formUnion(caption.flags)
      } else if known.english != caption.english || known.chinese != caption.chinese {
        known.flags.insert(.repeatedNumber)
      }
      captions[key] = known
    }
    var named: [(name: FigureName, image: CollectedImage)] = []
    var loose: [CollectedImage] = []
    for image in page.images {
      let file = image.file.split(separator: "/").last.map(String.init) ?? image.file
      if let name = FigureName(file) { named.append((name, image)) } else { loose.append(image) }
    }
    named.sort { ($0.name, $0.image.file) < ($1.name, $1.image.file) }
    var result: [BookFigure] = []
    var index = 0
    while index < named.count {
      var end = index
      while end < named.count, named[end].name.figure == named[index].name.figure { end += 1 }
      let members = named[index..<end]
      let number = members[index].name.printedNumber
      var figure =
        captions[members[index].name.figure] ?? BookFigure(number: "", flags: [.noCaption])
      let hasCaption = !figure.number.isEmpty
      figure.number = number
      if !hasCaption { figure.number = "" }
      figure.parts = members.map {
        BookFigure.Part(image: $0.image, page: 0, named: hasCaption ? $0.name.panel : "")
      }
      if hasCaption {
        result.append(figure)
      } else {
        result += figure.parts.map { part in
          var lone = figure
          lone.parts = [part]
          return lone
        }
      }
      index = end
    }
    result += loose.map {
      BookFigure(number: "", parts: [.init(image: $0, page: 0)], flags: [.noCaption])
    }
    return result
  }

  /// The caption that a paragraph is; nil for another text.
  private static func caption(_ text: String, _ configuration: BookConfiguration) -> BookCaption? {
    let head = Array(text.prefix(80))
    guard let label = FigureLabel(head), configuration.labels?.contains(label.style) ?? true,
      text.count > label.length
    else { return nil }
    var caption = BookCaption(
      number: label.number, letters: label.letters, style: label.style, page: 0,
      box: Box(left: 0, top: 0, right: 0, bottom: 0), english: "", chinese: "", flags: [])
    let rest = String(text.dropFirst(label.length))
    if PrintedText.hasStrayCharacters(rest) || PrintedText.hasLostLigatures(rest) {
      caption.flags.insert(.strayCharacters)
    }
    if rest.count > 6000 { caption.flags.insert(.longText) }
    for (part, style) in BookCaption.languages(
      of: String(rest.prefix(20_000)), key: label.key, style: label.style)
    {
      if configuration.isChinese(part, label: style) {
        caption.chinese = part
      } else {
        caption.english = part
      }
    }
    caption.restoreMarks()
    if !caption.isWhole { caption.flags.insert(.unsureText) }
    return caption
  }
}
