import Foundation

/// Creates the rows of a figure: assigns letters and texts to panels, splits composites, and classifies the
/// modality of each image.
package struct PairMaker: Sendable {
  /// A row, with the image that belongs to it.
  package struct Draft: Sendable {
    package var row: PairRow
    /// The name of the image's file without extension.
    package var name: String
    package var jpeg: Data
    /// What the image looks like, for finding copies.
    package var look: ImageFingerprint
  }

  let bookName: String
  /// Where the figures' images are.
  let folder: URL
  let classifier: any ModalityClassifying

  /// What a row is about, before its image is cut.
  struct Plan {
    var part: Int
    var panel: String
    /// The letters for the file's name.
    var nameLetters: String
    var cut: GutterCutter.Part?
    /// The letter to look up in the caption; nil for the whole caption.
    var letter: Character?
    var flags: Set<PairFlag> = []
  }

  /// The rows of a figure.
  /// - Returns: rows without paths, and what could not be read.
  package func drafts(of figure: BookFigure) -> (drafts: [Draft], notes: [String]) {
    var notes: [String] = []
    var images: [Int: FundusImage] = [:]
    for (index, part) in figure.parts.enumerated() {
      do {
        images[index] = try load(part.image)
      } catch {
        notes.append(
          (figure.number.isEmpty ? "" : "figure \(figure.number): ")
            + "\(error)".abbreviated(to: 300))
      }
    }
    let count = figure.parts.count
    let english = CaptionSplitter.split(figure.english, expecting: count > 1 ? count : nil)
    let chinese = CaptionSplitter.split(figure.chinese, expecting: count > 1 ? count : nil)
    let plans = plan(figure, images, english, chinese)
    var drafts: [Draft] = []
    for plan in plans {
      guard let whole = images[plan.part] else { continue }
      let image = plan.cut.map { whole.cropped(rows: $0.rows, columns: $0.columns) } ?? whole
      var flags = figure.flags.union(plan.flags)
      let (modality, margin) = classifier.modality(of: image)
      if margin < ModalityClassifier.reviewMargin { flags.insert(.unclearModality) }
      if figure.parts[plan.part].image.isSlanted { flags.insert(.slantedImage) }
      if figure.parts[plan.part].image.isCovered { flags.insert(.coveredImage) }
      // Images of a folder get other names; what theirs say is looked at here.
      let file = figure.parts[plan.part].image.file
      if let original = file.hasPrefix("/") ? file.split(separator: "/").last : nil,
        !PrivacyCheck.reasons(inFileName: String(original)).isEmpty
      {
        flags.insert(.privacy)
      }
      func text(_ whole: String, _ parts: CaptionSplitter.Parts?) -> String {
        plan.letter.flatMap { parts?.text(ofPanel: $0) } ?? whole
      }
      var row = PairRow(
        image: "", book: bookName, page: figure.parts[plan.part].page, figure: figure.number,
        panel: plan.panel, modality: modality, caption: text(figure.english, english),
        captionZh: text(figure.chinese, chinese))
      row.references = FigureLabel.references(in: row.caption + " " + row.captionZh)
        .filter { $0 != FigureLabel.key(figure.number) }
      row.flags = PairFlag.allCases.filter(flags.contains)
      let name =
        figure.number.isEmpty
        ? "figure0-\(row.page)" : "figure\(figure.number)\(plan.nameLetters)"
      guard let jpeg = try? image.jpegData(quality: 95, subsampling: .none) else {
        notes.append("\(name): the image has a side above 65,500 pixels")
        continue
      }
      drafts.append(Draft(row: row, name: name, jpeg: jpeg, look: ImageFingerprint(of: image)))
    }
    return (drafts, notes)
  }

  // MARK: - Images

  /// The image as the book shows it.
  private func load(_ collected: CollectedImage) throws -> FundusImage {
    let url =
      collected.file.hasPrefix("/")
      ? URL(filePath: collected.file) : folder.appending(path: collected.file)
    var options = DecodingOptions()
    options.appliesOrientation = true
    options.deepGray = .scaled
    var image = try FundusImage(contentsOf: url, options: options)
    if let crop = collected.crop {
      func range(_ low: Double, _ high: Double, _ count: Int) -> Range<Int> {
        let first = max(0, min(count - 1, Int((low * Double(count)).rounded())))
        return first..<max(first + 1, min(count, Int((high * Double(count)).rounded())))
      }
      image = image.cropped(
        rows: range(crop.top, crop.bottom, image.height),
        columns: range(crop.left, crop.right, image.width))
    }
    if collected.isMirrored { image = image.oriented(.mirrored) }
    switch ((collected.quarterTurns % 4) + 4) % 4 {
    case 1: return image.oriented(.turnedLeft)
    case 2: return image.oriented(.upsideDown)
    case 3: return image.oriented(.turnedRight)
    default: return image
    }
  }
}
