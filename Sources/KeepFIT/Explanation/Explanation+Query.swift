extension Explanation {
  /// What a map is asked for: what speaks for a text, rather than for other texts.
  ///
  /// The texts of one field have much in common ("a fundus photograph of ..."), and so have their
  /// embeddings: cosines of 0.9 are usual. A map of the plain similarity shows mainly where a picture
  /// looks like any such text. The difference from the mean of other texts, such as that of a normal
  /// eye or those of the other classes, leaves what is particular to this one.
  public struct Query: Sendable {
    /// The text.
    public let text: String
    /// What it is contrasted with.
    public let against: [String]
    /// `[D]`, the text's embedding.
    let embedding: Tensor
    /// `[D]`, the text's embedding less the mean of the others'.
    let direction: Tensor

    /// Embeds the texts, each by itself, so that none is padded.
    /// - Throws: what the model's tokenizer throws.
    public init(
      _ text: String, against: [String] = [], model: any TransferModel
    ) throws {
      let others = against.filter { $0 != text }
      self.text = text
      self.against = others
      embedding = try model.embeddings(of: [text]).detached.reshaped([-1])
      guard !others.isEmpty else {
        direction = embedding
        return
      }
      let rows = try others.map { try model.embeddings(of: [$0]).detached.reshaped([-1]) }
      direction = embedding - Tensor.stacked(rows).mean(axis: 0)
    }
  }
}
