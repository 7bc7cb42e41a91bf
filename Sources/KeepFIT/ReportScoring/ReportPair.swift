/// A generated report with its reference reports.
public struct ReportPair: Sendable, Hashable {
  /// The identifier of the study.
  public let id: String
  /// The generated text; may be empty.
  public let hypothesis: String
  /// The reference texts; at least one.
  public let references: [String]

  /// A pair to score.
  /// - Parameters:
  ///   - id: names the study in messages and in scores by sample.
  ///   - hypothesis: the generated text, used verbatim.
  ///   - references: the reference texts, used verbatim; at least one.
  public init(id: String, hypothesis: String, references: [String]) {
    precondition(!references.isEmpty, "a report is scored against at least one reference")
    self.id = id
    self.hypothesis = hypothesis
    self.references = references
  }
}
