/// The part of a dataset that a manifest's column `split` puts an image in.
public enum SplitPart: String, Sendable, Hashable, Codable, CaseIterable {
  /// To fit on.
  case train
  /// To choose among epochs by.
  case validation
  /// To measure on.
  case test

  /// The part that a word means, in any case: `train`, `training`; `val`, `valid`, `validation`, `dev`;
  /// `test`, `testing`. Nil for any other.
  public init?(named name: String) {
    switch name.trimmed.lowercased() {
    case "train", "training": self = .train
    case "val", "valid", "validation", "dev": self = .validation
    case "test", "testing": self = .test
    default: return nil
    }
  }

  /// The part of each row by the column `split`; nil when there is no such column.
  /// - Throws: ``TextFileError`` with every row whose word is none of those above.
  public static func parts(of rows: [ManifestRow], file: String) throws(TextFileError)
    -> [SplitPart]?
  {
    guard rows.contains(where: { $0.columns["split"] != nil }) else { return nil }
    var parts: [SplitPart] = []
    var problems: [TextProblem] = []
    for row in rows {
      let text = row.columns["split"] ?? ""
      if let part = SplitPart(named: text) {
        parts.append(part)
      } else {
        problems.append(
          TextProblem(
            line: row.line,
            message: text.trimmed.isEmpty
              ? "'split' is empty, expected train, val or test"
              : "'split' is '\(text.abbreviated())', expected train, val or test"))
      }
    }
    if !problems.isEmpty { throw TextFileError(file: file, problems: problems) }
    return parts
  }
}
