import Foundation

/// Images with any number of labels each, such as all findings of a photograph.
public struct MultiLabelImages: Sendable {
  /// The files, their splits and groups. Its `labels` and `classes` have no meaning.
  public internal(set) var images: LabeledImages
  /// Whether each label applies, `[N, K]`.
  public let targets: [[Bool]]
  /// The K labels.
  public let classes: [String]

  /// The number of images N.
  public var count: Int { targets.count }

  /// Images given directly.
  public init(images: LabeledImages, targets: [[Bool]], classes: [String]) {
    precondition(images.count == targets.count, "targets for every image")
    self.images = images
    self.targets = targets
    self.classes = classes
  }

  /// Whether any row of a manifest has several labels: a list, or labels separated by semicolons.
  public static func isMultiLabel(_ rows: [ManifestRow]) -> Bool {
    rows.contains { $0.labels.count > 1 }
  }

  /// Reads a manifest whose rows have any number of labels; an empty list means none.
  /// - Parameters:
  ///   - url: the manifest.
  ///   - root: the root directory of the image paths.
  ///   - options: how labels, groups and missing files are handled.
  /// - Throws: `TextFileError` for a malformed manifest; ``TransferError`` for labels without a target, an image
  ///   with two rows, or missing files.
  public init(contentsOf url: URL, root: URL, options: LabeledImages.ReadingOptions) throws {
    let file = url.relativePath
    let manifest = try Manifest(
      contentsOf: url, root: root, form: .labels, columns: options.columns)
    let rows = manifest.rows
    let labels = rows.map(\.labels)
    let table = try ClassTable(
      labels: labels.flatMap(\.self), file: file, targets: options.targets, names: options.names,
      merges: options.normalizesLabels)
    targets = try zip(rows, labels).map { row, labels in
      var applies = [Bool](repeating: false, count: table.names.count)
      for label in labels {
        guard let position = table.position(of: label) else {
          throw TransferError.unknownLabel(
            label: label, row: row.line, manifest: file, targets: table.names,
            suggestion: table.suggestion(for: label))
        }
        applies[position] = true
      }
      return applies
    }
    classes = table.names
    var first: [String: Int] = [:]
    for row in rows {
      if let other = first.updateValue(row.line, forKey: row.image) {
        throw TransferError.invalid(
          "\(file), lines \(other) and \(row.line): \(row.image) has two rows; write all labels of "
            + "an image in one row, separated by semicolons")
      }
    }
    var images = LabeledImages(
      name: url.deletingPathExtension().lastPathComponent, root: manifest.root,
      images: rows.map(\.image),
      labels: rows.map { _ in 0 }, classes: table.names,
      parts: try SplitPart.parts(of: rows, file: file),
      groups: try options.grouping.map { ($0, try $0.groups(of: rows, file: file)) })
    let bare = targets.count { !$0.contains(true) }
    images.notes =
      manifest.notes + table.notes + LabeledImages.columnNotes(rows, file: file)
      + [
        "\(file): \(counted(rows.count, "image")) with up to "
          + "\(counted(labels.map(\.count).max() ?? 0, "label")) each of \(table.names.count)"
          + (bare > 0 ? ", \(bare) without any" : "")
      ]
    if !options.acceptsMissingFiles { try images.checkFiles(manifest: file) }
    self.images = images
  }

  /// Some of the images, with the same labels.
  func selecting(_ rows: [Int]) -> MultiLabelImages {
    MultiLabelImages(
      images: images.selecting(rows), targets: rows.map { targets[$0] }, classes: classes)
  }

  /// The number of images with each label among the given rows.
  func counts(_ rows: some Sequence<Int>) -> [Int] {
    var counts = classes.map { _ in 0 }
    for row in rows {
      for label in classes.indices where targets[row][label] { counts[label] += 1 }
    }
    return counts
  }
}
