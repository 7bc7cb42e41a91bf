/// A summary of the manifests of a run, and of what is left out of them. Part of ``PretrainingRecord``.
public struct PretrainingDataSummary: Codable, Sendable, Equatable {
  /// The number of rows of the labeled stream.
  public var labeledRows: Int
  /// The number of rows of the expert stream; nil if the objective does not use it.
  public var expertRows: Int?
  /// Remarks on rows that were left out, merged, truncated or found in two places, one sentence each.
  public var remarks: [String]

  /// The counts and the remarks, one sentence each.
  public var sentences: [String] {
    [
      counted(labeledRows, "labeled image")
        + (expertRows.map { ", " + counted($0, "expert pair") } ?? "")
    ]
      + remarks
  }
}
