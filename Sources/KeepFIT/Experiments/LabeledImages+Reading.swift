import Foundation

extension LabeledImages {
  /// A manifest whose rows have their label as the first category, and notes on how it was interpreted.
  static func rows(
    of url: URL, root: URL, columns: ColumnSelection, hasTargets: Bool
  ) throws -> (manifest: Manifest, notes: [String]) {
    let manifest = try Manifest(contentsOf: url, root: root, form: .labels, columns: columns)
    if let bare = manifest.rows.first(where: { $0.categories.isEmpty }) {
      throw TransferError.invalid(
        "\(url.relativePath), line \(bare.line): the image \(bare.image) has no label")
    }
    // Published manifests list findings after the class; their targets say which labels are classes.
    let several = manifest.rows.count { $0.categories.count > 1 }
    let note = "\(counted(several, "row")) with several labels, of which the first is used"
    let notes = manifest.notes + (several > 0 && !hasTargets ? [note] : [])
    return (manifest, notes.map { "\(url.relativePath): \($0)" })
  }

  /// A note on a column that looks like a split under another name.
  static func columnNotes(_ rows: [ManifestRow], file: String) -> [String] {
    guard let columns = rows.first?.columns, columns["split"] == nil else { return [] }
    return columns.keys.sorted().compactMap { name in
      // Most rows must be train or test, to exclude columns such as blood tests.
      let parts = Set(rows.map { SplitPart(named: $0.columns[name] ?? "") })
      guard !parts.contains(nil), parts.count > 1 else { return nil }
      return "\(file): the column '\(name)' looks like a split but is ignored; --split-column "
        + "\(name) uses it"
    }
  }

  /// Looks for images that occur in several rows with different labels.
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
        "\(manifest): images with two labels: " + Self.listed(conflicts) + "; correct the file")
    }
  }

  /// The first ten of the texts, and the number of further ones.
  static func listed(_ texts: [String]) -> String {
    texts.prefix(10).joined(separator: "; ")
      + (texts.count > 10 ? "; and \(texts.count - 10) more" : "")
  }

  func checkFiles(manifest: String) throws(TransferError) {
    let missing = images.indices.filter {
      !ImageAddress.exists(url($0))
    }
    guard let first = missing.first else { return }
    throw .missingImages(
      first: url(first).relativePath, count: missing.count, of: count, manifest: manifest)
  }
}
