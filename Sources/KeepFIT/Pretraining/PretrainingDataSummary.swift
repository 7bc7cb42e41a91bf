/// What the manifests of a run hold and what is left out of them. Part of ``PretrainingRecord``.
public struct PretrainingDataSummary: Codable, Sendable, Equatable {
  /// Rows of the labeled stream.
  public var labeledRows: Int
  /// Rows of the expert stream; nil where the objective has none.
  public var expertRows: Int?
  /// What was left out, merged, cut or found in two places, a sentence with its counts each.
  public var remarks: [String]

  /// The counts and the remarks, a sentence each.
  public var sentences: [String] {
    ["\(labeledRows) labeled images" + (expertRows.map { ", \($0) expert pairs" } ?? "")]
      + remarks
  }
}
