extension Explanation {
  /// The score that a map explains: the support for a text or a class relative to others.
  ///
  /// Texts of one domain have much in common ("a fundus photograph of ..."), and so do their embeddings:
  /// cosine similarities of 0.9 are usual. A map of the plain similarity mainly shows what matches any such
  /// text. The difference to the mean over other texts, such as that of a normal fundus or those of the
  /// other classes, is specific to this text.
  public struct Query {
    /// The text, or the name of the class.
    public let text: String
    /// The contrast texts or class.
    public let against: [String]
    /// Whether the score uses projected features `[B, D]` instead of raw ones `[B, F]`.
    let projects: Bool
    /// The score `[B]` of features, differentiable.
    let score: (Tensor) -> Tensor
    /// The cosine similarity `[B]` of features and the text; nil for a classifier.
    let similarity: ((Tensor) -> Tensor)?

    /// The cosine similarity to a text, minus the mean of those to others. Each text is embedded separately,
    /// without padding.
    /// - Throws: errors of the model's tokenizer.
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

    /// The logit of one class of a classifier minus that of another, which decides between the two.
    /// - Parameters:
    ///   - classes: the label of each class.
    ///   - predicted: the class to explain.
    ///   - other: the contrast class.
    ///   - projects: whether the classifier uses projected features.
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

    /// The logit of one label of a classifier whose labels are independent of each other.
    /// - Parameters:
    ///   - label: the label.
    ///   - index: its position.
    ///   - count: the number of labels.
    ///   - projects: whether the classifier uses projected features.
    ///   - logits: logits of every label, `[B, K]`, from features, differentiable.
    init(
      label: String, index: Int, count: Int, projects: Bool, logits: @escaping (Tensor) -> Tensor
    ) {
      text = label
      against = []
      self.projects = projects
      let choice = Tensor((0..<count).map { $0 == index ? 1 : 0 }, shape: [1, count])
      score = { features in (logits(features) * choice).sum(axis: -1) }
      similarity = nil
    }
  }
}
