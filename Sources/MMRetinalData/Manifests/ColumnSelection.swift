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

  /// A note on labels of ``labelNames`` that were not in the rows, which have been read with them: none has their name.
  func note(onUnusedNamesIn rows: [ManifestRow]) -> String? {
    guard !labelNames.isEmpty else { return nil }
    let present = Set(rows.flatMap(\.categories))
    let unused = labelNames.filter { !present.contains($0.value) }.keys.sorted()
    return unused.isEmpty
      ? nil
      : "no row has the label " + unused.map { "'\($0)'" }.joined(separator: ", ")
        + ", which has a name"
  }
}
