import Foundation

/// The images of a classification task with their classes.
public struct LabeledImages: Sendable {
  /// Groups of images that must stay together.
  public struct Grouping: Sendable {
    /// The criterion of the grouping.
    public let by: ImageGrouping
    /// The group of each image.
    public let groups: [String]
    /// Whether the grouping was requested. Otherwise it is only suggested by the manifest: splits do not
    /// respect it, but groups on both sides of a split are counted.
    public let isAsked: Bool
  }

  /// The name of the manifest, with as many parent directories as needed to make it unique.
  public internal(set) var name: String
  /// The root directory of the paths.
  public let root: URL
  /// The path of each image below the root, in manifest order.
  public let images: [String]
  /// The class of each image.
  public let labels: [Int]
  /// The label of each class.
  public let classes: [String]
  /// The line of each image in the manifest; 0 where there is none.
  public let lines: [Int]
  /// The split of each image according to the manifest's column `split`; nil without one.
  public let parts: [SplitPart]?
  /// The grouping of the images; nil if there is none.
  public let grouping: Grouping?
  /// The number of rows by modality.
  public let modalities: [ImagingModality: Int]
  /// Notes on the manifest, one sentence each.
  public internal(set) var notes: [String]

  /// The number of images N.
  public var count: Int { images.count }

  /// The file of an image.
  public func url(_ index: Int) -> URL { root.image(images[index]) }

  /// Options for reading a manifest.
  public struct ReadingOptions: Sendable {
    /// The class of each label; nil to number the labels in alphabetical (or numerical) order.
    public var targets: [String: Int]?
    /// Names of labels in prompts and results; nil to use the labels themselves.
    public var names: [String: String]?
    /// Merges spelling variants of a label. Otherwise they are an error.
    public var normalizesLabels = false
    /// Groups of images that must stay together.
    public var grouping: ImageGrouping?
    /// Accepts missing files, which the run then reports.
    public var acceptsMissingFiles = false
    /// Accepts images with two labels, which occur in published manifests, and adds a note.
    public var acceptsConflicts = false
    /// The columns whose names are known.
    public var columns = ColumnSelection()

    /// Options that use labels as they are and require every file.
    public init(targets: [String: Int]? = nil) { self.targets = targets }
  }

  /// Reads the images of an experiment: the label is the first category of a row, or the column
  /// `label` (`category`, `class`, `diagnosis`, `grade`) of a plain CSV.
  ///
  /// - Parameters:
  ///   - url: the manifest, or an image folder.
  ///   - root: the root directory of the image paths; an image folder is its own root.
  ///   - options: how labels, groups and missing files are handled.
  /// - Throws: `TextFileError` for a malformed manifest, ``TransferError`` for a label without a target,
  ///   targets that are not 0 to K - 1, spelling variants of one label, an image with two labels, or
  ///   missing files.
  public init(contentsOf url: URL, root: URL, options: ReadingOptions) throws {
    let file = url.relativePath
    let (manifest, understood) = try Self.rows(
      of: url, root: root, columns: options.columns, hasTargets: options.targets != nil)
    let rows = manifest.rows
    let labels = rows.map { $0.categories[0] }
    let table = try ClassTable(
      labels: labels, file: file, targets: options.targets, names: options.names,
      merges: options.normalizesLabels)
    let classes = try zip(rows, labels).map { row, label in
      guard let position = table.position(of: label) else {
        throw TransferError.unknownLabel(
          label: label, row: row.line, manifest: file, targets: table.names,
          suggestion: table.suggestion(for: label))
      }
      return position
    }
    name = url.deletingPathExtension().lastPathComponent
    self.root = manifest.root
    images = rows.map(\.image)
    self.labels = classes
    self.classes = table.names
    lines = rows.map(\.line)
    parts = try SplitPart.parts(of: rows, file: file)
    let suggested = options.grouping == nil ? ImageGrouping.suggested(by: rows) : nil
    // A column that only looks like patient identifiers may have gaps.
    grouping =
      if let asked = options.grouping {
        Grouping(by: asked, groups: try asked.groups(of: rows, file: file), isAsked: true)
      } else {
        suggested.flatMap { suggested in
          (try? suggested.groups(of: rows, file: file)).map {
            Grouping(by: suggested, groups: $0, isAsked: false)
          }
        }
      }
    var modalities: [ImagingModality: Int] = [:]
    for row in rows where !(row.columns["modality"] ?? "").allSatisfy(\.isWhitespace) {
      modalities[row.modality, default: 0] += 1
    }
    self.modalities = modalities
    notes = understood + table.notes + Self.columnNotes(rows, file: file)
    if let count = options.grouping?.unmatched(in: rows), count > 0 {
      notes.append(
        "\(file): \(count) images do not match the group pattern and form groups of their own")
    }
    try checkRepeatedRows(manifest: file, acceptsConflicts: options.acceptsConflicts)
    if !options.acceptsMissingFiles { try checkFiles(manifest: file) }
  }

  /// Reads the images of an experiment with targets only.
  /// - Throws: as ``init(contentsOf:root:options:)`` does.
  public init(contentsOf url: URL, root: URL, targets: [String: Int]?) throws {
    try self.init(contentsOf: url, root: root, options: ReadingOptions(targets: targets))
  }

  /// Labeled images given directly.
  /// - `parts`, `groups`: the split and group of each image, if known.
  public init(
    name: String, root: URL, images: [String], labels: [Int], classes: [String],
    parts: [SplitPart]? = nil, groups: (by: ImageGrouping, groups: [String])? = nil
  ) {
    precondition(images.count == labels.count, "a class for every image")
    precondition((parts ?? []).count == (parts == nil ? 0 : images.count), "a part for every image")
    precondition(groups.map { $0.groups.count == images.count } ?? true, "a group for every image")
    self.name = name
    self.root = root
    self.images = images
    self.labels = labels
    self.classes = classes
    lines = images.map { _ in 0 }
    self.parts = parts
    grouping = groups.map { Grouping(by: $0.by, groups: $0.groups, isAsked: true) }
    modalities = [:]
    notes = []
  }

  /// The rows of a split in the column `split`; all rows if there is no such column.
  public func rows(of part: SplitPart) -> [Int] {
    images.indices.filter { parts == nil || parts?[$0] == part }
  }

  /// The images at the given rows, in that order.
  public func selecting(_ rows: [Int]) -> LabeledImages {
    var result = LabeledImages(
      name: name, root: root, images: rows.map { images[$0] }, labels: rows.map { labels[$0] },
      classes: classes, parts: parts.map { parts in rows.map { parts[$0] } },
      groups: grouping.map { grouping in (grouping.by, rows.map { grouping.groups[$0] }) })
    result.notes = notes
    return result
  }
}
