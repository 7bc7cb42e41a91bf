extension Explanation {
  /// What a map is asked for: what speaks for a text or a class, rather than for others.
  ///
  /// The texts of one field have much in common ("a fundus photograph of ..."), and so have their
  /// embeddings: cosines of 0.9 are usual. A map of the plain similarity shows mainly where an image
  /// looks like any such text. The difference from the mean of other texts, such as that of a normal
  /// eye or those of the other classes, leaves what is particular to this one.
  public struct Query {
    /// The text, or the name of the class.
    public let text: String
    /// What it is contrasted with.
    public let against: [String]
    /// Whether the score looks at projected features `[B, D]` instead of raw ones `[B, F]`.
    let projects: Bool
    /// The score `[B]` of features, differentiable.
    let score: (Tensor) -> Tensor
    /// The cosine similarity `[B]` of features and the text; nil for a classifier.
    let similarity: ((Tensor) -> Tensor)?

    /// The cosine similarity to a text, less the mean of those to others. Each text is embedded by
    /// itself, so that none is padded.
    /// - Throws: what the model's tokenizer throws.
    public init(
      _ text: String, against: [String] = [], model: any TransferModel
    ) throws {
      let others = against.filter { $0 != text }
      self.text = text
      self.against = others
      let embedding = try model.embeddings(of: [text]).detached.reshaped([1, -1])
      var direction = embedding
      if !others.isEmpty {
        let rows = try others.map { try model.embeddings(of: [$0]).detached.reshaped([-1]) }
        direction = embedding - Tensor.stacked(rows).mean(axis: 0).reshaped([1, -1])
      }
      projects = true
      score = { [direction] features in (features * direction).sum(axis: -1) }
      similarity = { features in (features * embedding).sum(axis: -1) }
    }

    /// The logit of one class of a classifier, less that of another: what decides between the two.
    /// - Parameters:
    ///   - classes: the label of each class.
    ///   - predicted: the class that the map speaks for.
    ///   - other: the class that it is contrasted with.
    ///   - projects: whether the classifier looks at projected features.
    ///   - logits: logits of every class, `[B, K]`, from features, differentiable.
    init(
      classes: [String], predicted: Int, against other: Int, projects: Bool,
      logits: @escaping (Tensor) -> Tensor
    ) {
      text = classes[predicted]
      against = [classes[other]]
      self.projects = projects
      let contrast = Tensor(
        classes.indices.map { $0 == predicted ? 1 : $0 == other ? -1 : 0 },
        shape: [1, classes.count])
      score = { features in (logits(features) * contrast).sum(axis: -1) }
      similarity = nil
    }
  }
}
