import Foundation
import FundusTensor

/// Makes image-text manifests out of the images and captions of a book or atlas.
///
/// Images are named by their figure (``FigureName``); captions are paragraphs of a text file or rows of
/// a table. Each image gets the caption of its figure, cut to its panel; images are sorted by
/// modality; what does not fit is listed, never dropped in silence. The same input gives the same
/// output.
public struct DatasetBuild: Sendable {
  /// How images get their modality.
  public enum Modalities: Sendable {
    /// All have the same.
    case all(ImagingModality)
    /// By their colors, with a seed (``ModalitySorting``).
    case sorted(seed: UInt64)
  }

  /// Something that a person should look at.
  public struct Remark: Sendable, Hashable, Codable, CustomStringConvertible {
    /// What sort of thing was found.
    public enum Kind: String, Sendable, Codable, CaseIterable {
      /// The file's name follows no figure's.
      case oddName = "odd_name"
      /// The image cannot be decoded.
      case unreadableImage = "unreadable_image"
      /// No caption has the figure's number; the image is left out.
      case noCaption = "no_caption"
      /// The caption marks no such panel; the image has the whole caption.
      case panelNotMarked = "panel_not_marked"
      /// The panels of a figure are not consecutive from A on.
      case missingPanel = "missing_panel"
      /// Two captions have one number; the first counts.
      case repeatedCaption = "repeated_caption"
      /// No image belongs to the caption.
      case unusedCaption = "unused_caption"
      /// The image looks like another one.
      case similarImage = "similar_image"
      /// The colors do not tell the modality clearly.
      case unclearModality = "unclear_modality"
    }

    /// What sort of thing was found.
    public let kind: Kind
    /// The image's file name or the figure's number.
    public let subject: String
    /// What was found.
    public let message: String

    /// `subject: message`
    public var description: String { "\(subject): \(message)" }
  }

  /// One manifest a modality; rows in the order of figures.
  public let manifests: [ImagingModality: Manifest]
  /// What a person should look at, in the order of images and figures.
  public let remarks: [Remark]

  /// Builds manifests.
  /// - Parameters:
  ///   - images: a directory whose files are the images. Its name becomes the first part of the rows'
  ///     paths, so that the root of the manifests is its parent.
  ///   - captions: the captions of all figures.
  ///   - modalities: how images get their modality.
  ///   - similarity: images whose fingerprints differ in no more bits are remarked on.
  /// - Throws: ``TextFileError`` when there are no images, or none has a caption.
  public init(
    images: URL, captions: [FigureCaption], modalities: Modalities, similarity: Int = 3
  ) throws {
    var remarks: [Remark] = []
    var captionOf: [String: FigureCaption] = [:]
    for caption in captions {
      if captionOf[caption.figure] == nil {
        captionOf[caption.figure] = caption
      } else if captionOf[caption.figure] != caption {
        remarks.append(
          Remark(
            kind: .repeatedCaption, subject: caption.figure,
            message: "a second caption has this number; the first one is used"))
      }
    }
    let names = try Self.figures(in: images, remarks: &remarks)
    let found = Self.read(names, in: images, remarks: &remarks)
    let kinds = Self.modalities(of: found, by: modalities, remarks: &remarks)
    for group in DifferenceHash.groups(found.map(\.hash), within: similarity) {
      for index in group.dropFirst() {
        remarks.append(
          Remark(
            kind: .similarImage, subject: found[index].name.description,
            message: "looks like \(found[group[0]].name)"))
      }
    }
    Self.checkPanels(names, remarks: &remarks)
    var rows: [ImagingModality: [ManifestRow]] = [:]
    for (image, kind) in zip(found, kinds) {
      guard let caption = captionOf[image.name.figure],
        let texts = Self.texts(of: caption, for: image.name, remarks: &remarks)
      else {
        remarks.append(
          Remark(
            kind: .noCaption, subject: image.name.description,
            message: "there is no caption for figure \(image.name.figure)"))
        continue
      }
      let path = "\(images.lastPathComponent)/\(image.name)"
      rows[kind, default: []].append(
        try ManifestRow(image: path, modality: kind, content: .captions(texts)))
    }
    if rows.isEmpty { throw TextFileError(file: images.path, "no image has a caption") }
    let used = Set(names.map(\.figure))
    for caption in captions where !used.contains(caption.figure) {
      remarks.append(
        Remark(
          kind: .unusedCaption, subject: caption.figure, message: "no image belongs to it"))
    }
    let root = images.deletingLastPathComponent()
    manifests = Dictionary(
      uniqueKeysWithValues: rows.map {
        (
          $0.key,
          Manifest(
            name: "\(images.lastPathComponent)_\($0.key.rawValue)", root: root, rows: $0.value)
        )
      })
    self.remarks = remarks
  }

  /// Reads captions: the paragraphs of a `.txt` file, or the columns `figure`, `caption` and
  /// `caption_zh` of a `.csv` file.
  /// - Throws: ``TextFileError`` when the file cannot be read or holds no captions.
  public static func captions(contentsOf url: URL) throws -> [FigureCaption] {
    let captions: [FigureCaption]
    if url.pathExtension.lowercased() == "csv" {
      let table = try CSVTable(contentsOf: url)
      guard let figure = table.column("figure") else {
        throw TextFileError(file: url.path, "the first line must name a column 'figure'")
      }
      if !table.problems.isEmpty { throw TextFileError(file: url.path, problems: table.problems) }
      let english = table.column("caption"), chinese = table.column("caption_zh")
      captions = table.records.map { record in
        FigureCaption(
          figure: record.fields[figure].trimmed,
          english: english.map { record.fields[$0].trimmed } ?? "",
          chinese: chinese.map { record.fields[$0].trimmed } ?? "")
      }
    } else {
      guard let text = String(validating: try readTextFile(url), as: UTF8.self) else {
        throw TextFileError(file: url.path, "the text is not UTF-8")
      }
      captions = text.split(whereSeparator: \.isNewline)
        .compactMap { FigureCaption(paragraph: String($0)) }
    }
    if captions.isEmpty { throw TextFileError(file: url.path, "there are no captions in it") }
    return captions
  }

  // MARK: - Steps

  private struct Image: Sendable {
    let name: FigureName
    let hash: DifferenceHash
    let colors: ColorHistogram
  }

  private static func figures(in directory: URL, remarks: inout [Remark]) throws -> [FigureName] {
    let files: [String]
    do {
      files = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    } catch {
      throw TextFileError(file: directory.path, "the directory cannot be read")
    }
    var names: [FigureName] = []
    for file in files where !file.hasPrefix(".") {
      if let name = FigureName(file) {
        names.append(name)
      } else {
        remarks.append(
          Remark(
            kind: .oddName, subject: file, message: "expected a name such as figure2-12A.jpg"))
      }
    }
    if names.isEmpty { throw TextFileError(file: directory.path, "no file is named like a figure") }
    return names.sorted()
  }

  private static func read(_ names: [FigureName], in directory: URL, remarks: inout [Remark])
    -> [Image]
  {
    let results = Guarded([Result<Image, ImageError>?](repeating: nil, count: names.count))
    ThreadPool.forEach(names.count) { index in
      let result = Result { () throws(ImageError) in
        let image = try FundusImage(
          contentsOf: directory.appending(path: names[index].description))
        return Image(
          name: names[index], hash: DifferenceHash(of: image), colors: ColorHistogram(of: image))
      }
      results.withLock { $0[index] = result }
    }
    var images: [Image] = []
    for (name, result) in zip(names, results.withLock { $0 }) {
      switch result {
      case .success(let image): images.append(image)
      case .failure(let error):
        remarks.append(
          Remark(kind: .unreadableImage, subject: name.description, message: "\(error)"))
      case nil: preconditionFailure("an image was not looked at")
      }
    }
    return images
  }

  private static func modalities(
    of images: [Image], by modalities: Modalities, remarks: inout [Remark]
  ) -> [ImagingModality] {
    switch modalities {
    case .all(let modality): return images.map { _ in modality }
    case .sorted(let seed):
      guard images.count >= 3 else {
        for image in images {
          remarks.append(
            Remark(
              kind: .unclearModality, subject: image.name.description,
              message: "too few images to sort by color; taken for a color photograph"))
        }
        return images.map { _ in .colorFundus }
      }
      let verdicts = ModalitySorting(images.map(\.colors), seed: seed).verdicts
      for (image, verdict) in zip(images, verdicts) where verdict.needsReview {
        remarks.append(
          Remark(
            kind: .unclearModality, subject: image.name.description,
            message: "taken for \(verdict.modality.rawValue) by a small margin"))
      }
      return verdicts.map(\.modality)
    }
  }

  private static func checkPanels(_ names: [FigureName], remarks: inout [Remark]) {
    let figures = Dictionary(grouping: names, by: \.figure)
    for (figure, members) in figures.sorted(by: { $0.value[0] < $1.value[0] }) {
      let panels = Set(members.compactMap(\.panelIndex))
      guard let last = panels.max() else { continue }
      let missing = Set(0...last).subtracting(panels).sorted()
        .map { String(Character(Unicode.Scalar(UInt8(65 + $0)))) }
      if !missing.isEmpty {
        remarks.append(
          Remark(
            kind: .missingPanel, subject: figure,
            message: "there is no image of panel \(missing.joined(separator: ", "))"))
      }
    }
  }

  /// The caption of an image in each language; nil when it has none.
  private static func texts(
    of caption: FigureCaption, for name: FigureName, remarks: inout [Remark]
  ) -> [CaptionLanguage: String]? {
    var texts: [CaptionLanguage: String] = [:]
    for (language, whole) in [
      (CaptionLanguage.english, caption.english), (.chinese, caption.chinese),
    ] where !whole.isEmpty {
      var text = whole
      if let letter = name.panel.first, let parts = CaptionSplitter.split(whole) {
        if let part = parts.text(ofPanel: letter) {
          text = part
        } else {
          remarks.append(
            Remark(
              kind: .panelNotMarked, subject: name.description,
              message: "the caption marks no panel \(letter); it has the whole caption"))
        }
      }
      texts[language] = text
    }
    return texts.isEmpty ? nil : texts
  }
}
