/// A study of one or more angiograms with its report.
public struct ReportStudy: Sendable, Hashable {
  /// The name of the case.
  public let id: String
  /// The paths of its images below the data root.
  public let images: [String]
  /// The report as it was written.
  public let text: String
  /// The split of the study; nil if the file does not state it.
  public let split: SplitPart?
  /// The line of the file, counted from 1; nil if studies are not on separate lines.
  public let line: Int?

  /// A study.
  /// - Parameters:
  ///   - id: the name of the case.
  ///   - images: the paths of its images below the data root.
  ///   - text: the report as it was written.
  ///   - split: the part of the dataset that it belongs to.
  ///   - line: the line of the file that it stands on.
  public init(
    id: String, images: [String], text: String, split: SplitPart? = nil, line: Int? = nil
  ) {
    self.id = id
    self.images = images
    self.text = text
    self.split = split
    self.line = line
  }
}

/// The studies of a file, in its order.
///
/// | layout | contents |
/// | --- | --- |
/// | FFA-IR | `{split: {case: {"Image_path": [path], "En_Report": text, …}}}` |
/// | JSON Lines | `{"id", "images": [path], "text", "split"}`, one study a line |
/// | COCO | `{"images": [{"id", "file_name"}], "annotations": [{"image_id", "caption"}]}` |
///
/// The content decides which of them it is. A COCO file gives a study for each annotation; its images
/// may have a `split`, and are for training otherwise.
public struct ReportStudies: Sendable {
  /// The layout of a file.
  public enum Layout: String, Sendable {
    /// The annotation of FFA-IR.
    case ffaIR = "FFA-IR"
    /// A study a line.
    case jsonLines = "JSON Lines"
    /// Captions of COCO.
    case coco = "COCO"
  }

  /// The path of the file, as the caller gave it.
  public let file: String
  /// The layout of the file.
  public let layout: Layout
  /// All studies.
  public let all: [ReportStudy]

  /// Studies that are not from a file.
  /// - Parameters:
  ///   - studies: the studies.
  ///   - file: the name for error messages.
  ///   - layout: their nominal layout.
  public init(_ studies: [ReportStudy], file: String, layout: Layout = .jsonLines) {
    all = studies
    self.file = file
    self.layout = layout
  }

  /// The studies of one split.
  ///
  /// - Parameters:
  ///   - part: which part; nil for all studies.
  ///   - needsImages: whether a study without images is an error.
  /// - Throws: ``TextFileError`` when there are none, or one has an empty report or lacks images.
  public func studies(_ part: SplitPart?, needsImages: Bool = true) throws -> [ReportStudy] {
    let chosen = part == nil ? all : all.filter { $0.split == part }
    if chosen.isEmpty {
      let name = part.map { "the split '\(Self.name($0))' has no cases" } ?? "there are no cases"
      throw TextFileError(file: file, problems: [TextProblem(line: nil, message: name)])
    }
    var problems: [TextProblem] = []
    for study in chosen {
      if study.text.trimmed.isEmpty {
        problems.append(
          TextProblem(
            line: study.line, message: "case '\(study.id.abbreviated())' has an empty report",
            kind: .missingCaption))
      }
      if needsImages && study.images.isEmpty {
        problems.append(
          TextProblem(
            line: study.line, message: "case '\(study.id.abbreviated())' has no images", kind: .path
          ))
      }
    }
    if !problems.isEmpty { throw TextFileError(file: file, problems: problems) }
    return chosen
  }

  /// The name of a split in files.
  static func name(_ part: SplitPart) -> String { part == .validation ? "val" : part.rawValue }
}
