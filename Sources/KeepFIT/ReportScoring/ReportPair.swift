/// A generated report with the reports that it is compared with.
public struct ReportPair: Sendable, Hashable {
  /// Which study it is.
  public let id: String
  /// The generated text; may be empty.
  public let hypothesis: String
  /// The texts that people wrote; at least one.
  public let references: [String]

  /// A pair to score.
  /// - Parameters:
  ///   - id: names the study in messages and in scores by sample.
  ///   - hypothesis: the generated text, used as it stands.
  ///   - references: the reference texts, used as they stand; at least one.
  public init(id: String, hypothesis: String, references: [String]) {
    precondition(!references.isEmpty, "a report is scored against at least one reference")
    self.id = id
    self.hypothesis = hypothesis
    self.references = references
  }
}
