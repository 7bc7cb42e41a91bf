/// The columns of a table that a user names. The others are found by their names.
public struct ColumnSelection: Sendable, Hashable, Codable {
  /// The column of image paths, or those of the left and the right eye. Empty to find it.
  public var images: [String] = []
  /// The column of labels, or several columns of 0 and 1, each named after its label. Empty to find them.
  public var labels: [String] = []
  /// The column with the split of a row: train, val or test. Nil to find it.
  public var split: String?
  /// Names that replace labels, such as `"0": "no diabetic retinopathy"`.
  public var labelNames: [String: String] = [:]

  /// A selection that finds all columns by their names.
  public init() {}

  /// Whether nothing is selected.
  public var isEmpty: Bool { self == ColumnSelection() }

  /// Replacements of labels in the form `0=no diabetic retinopathy;1=mild`.
  /// - Returns: nil if a part has no `=`, an empty side, or a label that another part has.
  public static func labelNames(parsing text: String) -> [String: String]? {
    var names: [String: String] = [:]
    for part in text.split(separator: ";") {
      guard let equals = part.firstIndex(of: "=") else { return nil }
      let label = String(part[..<equals]).trimmed
      let name = String(part[part.index(after: equals)...]).trimmed
      guard !label.isEmpty, !name.isEmpty, names.updateValue(name, forKey: label) == nil else {
        return nil
      }
    }
    return names.isEmpty ? nil : names
  }

  /// Gives the labels of rows their ``labelNames``.
  /// - Returns: a note on labels with a name that no row has; nil if there are none.
  func renameLabels(of rows: inout [ManifestRow]) -> String? {
    guard !labelNames.isEmpty else { return nil }
    var unused = Set(labelNames.keys)
    for index in rows.indices {
      guard case .labels(let attributes, let labels) = rows[index].content else { continue }
      unused.subtract(labels)
      rows[index].content = .labels(
        attributes: attributes, categories: labels.map { labelNames[$0] ?? $0 })
    }
    return unused.isEmpty
      ? nil
      : "no row has the label " + unused.sorted().map { "'\($0)'" }.joined(separator: ", ")
        + ", which has a name"
  }
}
