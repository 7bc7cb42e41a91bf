import Foundation

extension LabelledPictures {
  /// Columns that hold a plain label, in the order in which they are looked for.
  static let labelColumns = ["label", "category", "class", "diagnosis", "grade"]

  /// The rows of a manifest, each with its label as the first category.
  static func rows(of url: URL, root: URL) throws -> [ManifestRow] {
    if url.pathExtension.lowercased() == "csv" {
      let table = try CSVTable(contentsOf: url)
      if table.column("categories") == nil { return try plainRows(table, url) }
    }
    let manifest = try Manifest(contentsOf: url, root: root, form: .labels)
    if let bare = manifest.rows.first(where: { $0.categories.isEmpty }) {
      throw TransferError.invalid(
        "\(url.relativePath), line \(bare.line): the image \(bare.image) has no category")
    }
    return manifest.rows
  }

  private static func plainRows(_ table: CSVTable, _ url: URL) throws -> [ManifestRow] {
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
    let others = table.header.enumerated().filter {
      !$1.isEmpty && $0 != image && $0 != label
    }
    let rows = try table.records.map { record in
      let place = "\(url.relativePath), line \(record.line)"
      let text = record.fields[label].trimmingCharacters(in: .whitespaces)
      guard !text.isEmpty else { throw TransferError.invalid("\(place): the label is empty") }
      let columns = Dictionary(uniqueKeysWithValues: others.map { ($1, record.fields[$0]) })
      let stated = (columns["modality"] ?? "").trimmingCharacters(in: .whitespaces)
      guard let modality = stated.isEmpty ? .colourFundus : ImagingModality(named: stated) else {
        throw TransferError.invalid(
          "\(place): unknown modality '\(stated)', expected CFP, FFA or OCT")
      }
      do {
        return try ManifestRow(
          image: record.fields[image], modality: modality,
          content: .labels(attributes: [], categories: [text]), columns: columns,
          line: record.line)
      } catch {
        throw TransferError.invalid("\(place): \(error)")
      }
    }
    if rows.isEmpty { throw TransferError.invalid("\(url.relativePath) has no rows") }
    return rows
  }

  /// Columns that look like something that is read under another name.
  static func columnNotes(_ rows: [ManifestRow], file: String) -> [String] {
    guard let columns = rows.first?.columns, columns["split"] == nil else { return [] }
    return columns.keys.sorted().compactMap { name in
      // Most rows must say train or test: a column of blood tests is none.
      let parts = Set(rows.map { SplitPart(named: $0.columns[name] ?? "") })
      guard !parts.contains(nil), parts.count > 1 else { return nil }
      return "\(file): the column '\(name)' looks like a split and is not used; name it 'split'"
    }
  }

  /// Looks for images that several rows name with different labels.
  func checkRepeatedRows(manifest: String, acceptsConflicts: Bool) throws(TransferError) {
    var first: [String: Int] = [:]
    var conflicts: [String] = []
    for (row, image) in images.enumerated() {
      guard let other = first.updateValue(first[image] ?? row, forKey: image) else { continue }
      if labels[other] != labels[row] {
        conflicts.append(
          "lines \(lines[other]) and \(lines[row]): \(image) is '\(classes[labels[other]])' and "
            + "'\(classes[labels[row]])'")
      }
    }
    if !conflicts.isEmpty, !acceptsConflicts {
      throw .invalid(
        "\(manifest): an image with two labels: " + Self.listed(conflicts) + "; correct the file")
    }
  }

  /// At most ten of the texts, and how many more there are.
  static func listed(_ texts: [String]) -> String {
    texts.prefix(10).joined(separator: "; ")
      + (texts.count > 10 ? "; and \(texts.count - 10) more" : "")
  }

  func checkFiles(manifest: String) throws(TransferError) {
    let missing = images.indices.filter {
      !FileManager.default.fileExists(atPath: url($0).path)
    }
    guard let first = missing.first else { return }
    throw .missingPictures(
      first: url(first).relativePath, count: missing.count, of: count, manifest: manifest)
  }
}
