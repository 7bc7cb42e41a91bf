import Foundation
import FundusTensor

/// Builds an image-text dataset from books: PDF, DOCX, or folders of images and text.
///
/// Steps: collect images and text with their positions; match images to captions; split composites, assign
/// texts to panels, classify modalities; write rows, manifests and the review page. The first two steps write
/// `steps/BOOK/collected.json` and `figures.json`, which can be edited: a run that finds them continues from
/// there. An interrupted run resumes where it stopped, and gives the same output.
public struct BookBuild: Sendable {
  /// The books, as paths.
  public var books: [String]
  /// The output directory.
  public var out: URL
  /// The configuration of the books.
  public var configuration = BookConfiguration()
  /// The decisions from the review page.
  public var decisions: URL?
  /// What translates captions that stand in one language only; nil to leave them so.
  public var translator: (any CaptionTranslating)?
  /// Whether pages without text are read by Tesseract.
  public var usesOCR = false
  /// Whether another dataset in the folder may be replaced.
  public var force = false
  /// The modality classifier.
  public var classifier: any ModalityClassifying

  /// A step of the work, for showing progress.
  public struct Progress: Sendable {
    /// `Collecting`, `Pairing`.
    public let step: String
    /// The book's name.
    public let book: String
    /// Pages or figures that are done.
    public let done: Int
    /// Pages or figures of the book.
    public let total: Int

    /// The unit that is counted.
    public var unit: String { step == "Collecting" ? "pages" : "figures" }
  }

  /// The result of a build.
  public struct Outcome: Sendable {
    /// All rows, as in `pairs.jsonl`.
    public let rows: [PairRow]
    /// Rows in manifests.
    public let accepted: Int
    /// Manifest files, by their paths below the folder.
    public let manifests: [String]
    /// Notes on what could not be read, one sentence each.
    public let notes: [String]
    /// Captions that stand in one language only. Those of rejected rows, and of rows that may identify a
    /// patient and were not accepted, are left out.
    public let untranslated: [TranslationRequest]
  }

  /// A build with defaults.
  public init(
    books: [String], out: URL, classifier: any ModalityClassifying = ModalityClassifier()
  ) {
    self.books = books
    self.out = out
    self.classifier = classifier
  }

  private static let version = 3

  /// Runs the build.
  /// - Throws: ``BookError`` and errors of writing; then what this run wrote is gone again, if the folder
  ///   held nothing of an earlier one.
  public func run(progress: @Sendable (Progress) -> Void = { _ in }) throws -> Outcome {
    let sources = try books.map(BookSource.init(path:))
    if usesOCR, !sources.contains(where: { $0.kind == .pdf }) {
      throw BookError(book: books[0], "--ocr has no effect without a PDF")
    }
    let decided = try decisions.map(ReviewDecisions.init(contentsOf:))
    let workspace = try BookWorkspace(
      out: out, key: key(of: sources), force: force, sources: sources)
    do {
      defer { workspace.removeScratch() }
      var collected: [CollectedBook] = []
      for (index, source) in sources.enumerated() {
        collected.append(
          try collect(source, workspace.folder(index), workspace) { done, total in
            progress(Progress(step: "Collecting", book: source.name, done: done, total: total))
          })
      }
      var rows: [PairRow] = []
      var notes: [String] = []
      for (index, source) in sources.enumerated() {
        let folder = workspace.folder(index)
        let figures = try self.figures(collected[index], source, folder, workspace)
        let (made, problems) = try pairs(
          figures, source, folder, images: workspace.imageFolder(index), workspace
        ) { done, total in
          progress(Progress(step: "Pairing", book: source.name, done: done, total: total))
        }
        rows += made
        notes += (collected[index].notes + problems).map {
          sources.count > 1 ? "\(source.name): \($0)" : $0
        }
      }
      return try BookOutput(
        out: out, rows: rows, decisions: decided, translator: translator, notes: notes
      ).write()
    } catch {
      workspace.undo()
      throw error
    }
  }

  /// Everything that determines the output, except the decisions.
  private func key(of sources: [BookSource]) throws -> String {
    let configuration = try JSONText.encode(self.configuration)
    return "\(Self.version) \(usesOCR) \(configuration)\n"
      + sources.map(\.fingerprint).joined(separator: "\n")
  }

  // MARK: - Steps

  private func collect(
    _ source: BookSource, _ folder: URL, _ workspace: BookWorkspace,
    progress: (Int, Int) -> Void
  ) throws -> CollectedBook {
    let file = folder.appending(path: "collected.json")
    if let kept: CollectedBook = BookWorkspace.read(file) { return kept }
    let images = folder.appending(path: "images")
    try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
    let book: CollectedBook
    switch source.kind {
    case .pdf:
      book = try PDFCollector(
        book: source.url, name: source.path, folder: images, scratch: workspace.scratch,
        usesOCR: usesOCR
      ).collect(progress: progress)
    case .docx:
      book = try DOCXCollector(book: source.url, name: source.path, folder: images).collect()
    case .folder:
      book = try FolderCollector(book: source.url, name: source.path, out: out).collect()
    }
    try BookWorkspace.write(book, to: file)
    return book
  }

  private func figures(
    _ book: CollectedBook, _ source: BookSource, _ folder: URL, _ workspace: BookWorkspace
  ) throws -> [BookFigure] {
    let file = folder.appending(path: "figures.json")
    if let kept: [BookFigure] = BookWorkspace.read(file) { return kept }
    let figures =
      source.kind == .folder
      ? FolderCollector.figuresMatchedByNumber(in: book, configuration: configuration)
      : FigureAligner(
        book, texts: CaptionFinder.texts(of: book, configuration: configuration),
        configuration: configuration
      ).figures()
    try BookWorkspace.write(figures, to: file)
    return figures
  }

  /// Rows and their images, in parts that a run that was stopped need not do again.
  private func pairs(
    _ figures: [BookFigure], _ source: BookSource, _ folder: URL, images: String,
    _ workspace: BookWorkspace, progress: (Int, Int) -> Void
  ) throws -> (rows: [PairRow], notes: [String]) {
    let maker = PairMaker(
      bookName: source.name, folder: folder.appending(path: "images"), classifier: classifier)
    try FileManager.default.createDirectory(
      at: out.appending(path: images), withIntermediateDirectories: true)
    var rows: [PairRow] = []
    var looks: [ImageFingerprint] = []
    var notes: [String] = []
    var names: Set<String> = []
    let size = 32
    for start in stride(from: 0, to: figures.count, by: size) {
      let part = Array(figures[start..<min(figures.count, start + size)])
      let file = folder.appending(path: "pairs-\(start / size + 1).json")
      if let kept: PairPart = BookWorkspace.read(file), kept.figures == part {
        rows += kept.rows
        looks += kept.looks
        notes += kept.notes
        names.formUnion(kept.rows.map(\.image).map(Self.stem))
      } else {
        let made = ThreadPool.map(part.count) { maker.drafts(of: part[$0]) }
        var kept = PairPart(
          figures: part, rows: [], looks: [], notes: made.flatMap(\.notes))
        for draft in made.flatMap(\.drafts) {
          var row = draft.row
          var name = draft.name + (row.figure.isEmpty ? "-1" : "")
          var number = 2
          while !names.insert(name.lowercased()).inserted {
            name = "\(draft.name)-\(number)"
            number += 1
          }
          row.image = "\(images)/\(name).jpg"
          try ImageFile.write(draft.jpeg, to: out.appending(path: row.image), force: true)
          if PrivacyCheck.finds(in: row) {
            row.flags = PairFlag.allCases.filter { row.flags.contains($0) || $0 == .privacy }
          }
          kept.rows.append(row)
          kept.looks.append(draft.look)
        }
        try BookWorkspace.write(kept, to: file)
        rows += kept.rows
        looks += kept.looks
        notes += kept.notes
      }
      progress(min(figures.count, start + size), figures.count)
    }
    Self.markDuplicates(&rows, looks)
    return (rows, notes)
  }

  /// Flags images of eyes that look like an earlier one of the book.
  private static func markDuplicates(_ rows: inout [PairRow], _ looks: [ImageFingerprint]) {
    let eyes = rows.indices.filter { rows[$0].modality != .other }
    let fingerprints = FingerprintIndex(eyes.map { looks[$0] })
    for (place, index) in eyes.enumerated() where fingerprints.match(before: place) != nil {
      rows[index].flags = PairFlag.allCases.filter {
        rows[index].flags.contains($0) || $0 == .duplicate
      }
    }
  }

  private static func stem(_ path: String) -> String {
    let file = path.split(separator: "/").last ?? ""
    return file.dropLast(4).lowercased()
  }

  /// Rows of a part of the figures.
  private struct PairPart: Codable {
    var figures: [BookFigure]
    var rows: [PairRow]
    var looks: [ImageFingerprint]
    var notes: [String]
  }
}
