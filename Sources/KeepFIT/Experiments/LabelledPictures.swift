import Foundation

/// The pictures of a classification task with a class for each.
public struct LabelledPictures: Sendable {
  /// The name of the manifest.
  public let name: String
  /// The directory that the paths start from.
  public let root: URL
  /// The path of each picture below the root, in the manifest's order.
  public let images: [String]
  /// The class of each picture.
  public let labels: [Int]
  /// The label of each class.
  public let classes: [String]

  /// The number of pictures N.
  public var count: Int { images.count }

  /// The file of a picture.
  public func url(_ index: Int) -> URL { root.appending(path: images[index]) }

  /// Columns that hold a plain label, in the order in which they are looked for.
  static let labelColumns = ["label", "category", "class", "diagnosis", "grade"]

  /// Reads the pictures of an experiment: the label is the first category of a row, or the column
  /// `label` (`category`, `class`, `diagnosis`, `grade`) of a plain CSV.
  ///
  /// - Parameters:
  ///   - url: the manifest.
  ///   - root: the directory that the paths start from.
  ///   - targets: the class of each label; nil to number the labels in alphabetical (or numerical)
  ///     order.
  /// - Throws: `TextFileError` for a broken manifest, ``TransferError`` for a label that is no
  ///   target, targets that are no numbering, or pictures that do not exist.
  public init(contentsOf url: URL, root: URL, targets: [String: Int]?) throws {
    let rows = try Self.rows(of: url, root: root)
    let name = url.deletingPathExtension().lastPathComponent
    let classes =
      try targets.map { try Experiment.classNames($0, of: name) }
      ?? Self.inferredClasses(rows.map(\.label), file: url.relativePath)
    let position = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    var labels: [Int] = []
    for row in rows {
      guard let label = position[row.label] else {
        throw TransferError.unknownLabel(
          label: row.label, row: row.line, manifest: url.relativePath, targets: classes)
      }
      labels.append(label)
    }
    self.init(name: name, root: root, images: rows.map(\.image), labels: labels, classes: classes)
    try checkFiles(manifest: url.relativePath)
  }

  /// Pictures that are known already.
  public init(name: String, root: URL, images: [String], labels: [Int], classes: [String]) {
    precondition(images.count == labels.count, "a class for every picture")
    self.name = name
    self.root = root
    self.images = images
    self.labels = labels
    self.classes = classes
  }

  private struct Row {
    let image: String
    let label: String
    let line: Int
  }

  private static func rows(of url: URL, root: URL) throws -> [Row] {
    let isTable = url.pathExtension.lowercased() == "csv"
    if isTable {
      let table = try CSVTable(contentsOf: url)
      if table.column("categories") == nil {
        guard let image = table.column("image"),
          let label = labelColumns.lazy.compactMap(table.column).first
        else {
          throw TransferError.invalid(
            "\(url.relativePath): the first line must name the columns 'image' and 'label' (or "
              + "'categories'), found \(table.header.map { "'\($0)'" }.joined(separator: ", "))")
        }
        if let problem = table.problems.first {
          throw TransferError.invalid("\(url.relativePath), \(problem.description)")
        }
        let rows = try table.records.map { record in
          let text = record.fields[label].trimmingCharacters(in: .whitespaces)
          guard !text.isEmpty else {
            throw TransferError.invalid(
              "\(url.relativePath), line \(record.line): the label is empty")
          }
          do {
            let row = try ManifestRow(
              image: record.fields[image], content: .labels(attributes: [], categories: [text]))
            return Row(image: row.image, label: text, line: record.line)
          } catch {
            throw TransferError.invalid("\(url.relativePath), line \(record.line): \(error)")
          }
        }
        if rows.isEmpty { throw TransferError.invalid("\(url.relativePath) has no rows") }
        return rows
      }
    }
    let manifest = try Manifest(contentsOf: url, root: root, form: .labels)
    return try manifest.rows.map { row in
      guard let label = row.categories.first else {
        throw TransferError.invalid(
          "\(url.relativePath), line \(row.line): the picture \(row.image) has no category")
      }
      return Row(image: row.image, label: label, line: row.line)
    }
  }

  private static func inferredClasses(
    _ labels: [String], file: String
  ) throws(TransferError) -> [String] {
    let distinct = Set(labels)
    guard distinct.count >= 2 else {
      throw .invalid("\(file): two classes are needed, found \(distinct.count)")
    }
    guard distinct.count <= max(2, labels.count / 2) else {
      throw .invalid(
        "\(file): \(distinct.count) different labels in \(labels.count) rows look like texts, not "
          + "like classes")
    }
    if distinct.allSatisfy({ Double($0) != nil }) {
      return distinct.sorted { Double($0)! < Double($1)! }
    }
    return distinct.sorted()
  }

  private func checkFiles(manifest: String) throws(TransferError) {
    let missing = images.indices.filter {
      !FileManager.default.fileExists(atPath: url($0).path)
    }
    guard let first = missing.first else { return }
    throw .missingPictures(
      first: url(first).relativePath, count: missing.count, manifest: manifest)
  }
}
