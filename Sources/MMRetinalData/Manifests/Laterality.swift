/// The eye of a photograph.
public enum Laterality: String, Sendable, Hashable, Codable, CaseIterable {
  /// The left eye (OS).
  case left
  /// The right eye (OD).
  case right

  /// The eye that a path names, as in `12_left.jpg`, `OD/7.png` or `0001R.tif`; nil if it names none.
  public init?(path: String) {
    guard let name = EyeName(path) else { return nil }
    self = name.isLeft ? .left : .right
  }

  /// The eye that a cell of a table names, such as `left`, `OD` or `R`; nil for any other text.
  init?(cell: String) {
    guard let isLeft = EyeName.words[cell.trimmed.lowercased()] else { return nil }
    self = isLeft ? .left : .right
  }
}

extension ManifestRow {
  /// The eye that the table states: that of the column of the image, where both eyes have one, or else that
  /// of a column `laterality` or `eye`; nil if there is none.
  public var laterality: Laterality? {
    for name in ["laterality", "eye"] {
      guard let column = columns.first(where: { CSVTable.plain($0.key) == name }) else { continue }
      if let eye = Laterality(cell: column.value) { return eye }
    }
    return nil
  }
}
