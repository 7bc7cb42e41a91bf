/// The split of an image according to a manifest's column `split`.
public enum SplitPart: String, Sendable, Hashable, Codable, CaseIterable {
  /// Training.
  case train
  /// Validation, for model selection.
  case validation
  /// Test.
  case test

  /// The split with a name, ignoring case: `train`, `training`; `val`, `valid`, `validation`, `dev`;
  /// `test`, `testing`. Nil for any other.
  public init?(named name: String) {
    switch name.trimmed.lowercased() {
    case "train", "training": self = .train
    case "val", "valid", "validation", "dev": self = .validation
    case "test", "testing": self = .test
    default: return nil
    }
  }

  /// The split of each row according to the column `split`; nil if there is no such column.
  /// - Throws: ``TextFileError`` with all rows of unknown splits.
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

extension Manifest {
  /// The rows of a split according to the column `split`; all rows if there is no such column.
  /// - Throws: ``TextFileError`` with all rows of unknown splits, or when the split has no rows.
  public func rows(of part: SplitPart) throws(TextFileError) -> Manifest {
    guard let parts = try SplitPart.parts(of: rows, file: name) else { return self }
    var result = self
    result.rows = zip(rows, parts).filter { $0.1 == part }.map(\.0)
    if result.rows.isEmpty {
      throw TextFileError(file: name, "no row is marked \(part.rawValue) in the column 'split'")
    }
    return result
  }
}
