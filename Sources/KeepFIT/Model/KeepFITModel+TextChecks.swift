extension KeepFITModel {
  /// Texts longer than ``KeepFITConfiguration/maximumTextLength`` tokens, which the model truncates.
  /// - Returns: their indices, ascending.
  public func truncatedTexts(_ texts: [String]) -> [Int] {
    texts.indices.filter {
      tokenizer.truncates(texts[$0], maximumLength: configuration.maximumTextLength)
    }
  }

  /// The cosine similarity above which different texts have nearly the same embedding.
  ///
  /// Prompts that differ in one label reach 0.99 with random weights and less with trained ones.
  static let alikeCosine: Float = 0.999

  /// Whether different texts all have nearly the same embedding, as with a collapsed or partly loaded text
  /// encoder: every two embeddings have a cosine similarity above 0.999.
  ///
  /// - `embeddings`: embeddings of different texts, `[N, D]`, of unit length.
  /// - Returns: false for fewer than two.
  public static func areAllAlike(_ embeddings: Tensor) -> Bool {
    let count = embeddings.shape[0]
    guard count > 1 else { return false }
    let cosines = matmul(embeddings, embeddings, transposeB: true).scalars
    return cosines.allSatisfy { $0 > alikeCosine }
  }

  /// What users must know of texts that the model truncates; nil if there are none.
  package func truncationWarning(of texts: [String]) -> String? {
    let cut = truncatedTexts(texts)
    guard let first = cut.first else { return nil }
    return
      "\(cut.count) of \(counted(texts.count, "text")) \(cut.count == 1 ? "has" : "have") more than "
      + "\(configuration.maximumTextLength) tokens; the rest is ignored, first in "
      + "'\(texts[first].quotable(limit: 60))'"
  }

  /// What users must know of embeddings that are all alike; nil if they are not.
  /// - `embeddings`: embeddings of different texts, `[N, D]`, of unit length.
  package static func collapseWarning(of embeddings: Tensor) -> String? {
    areAllAlike(embeddings)
      ? "all texts have nearly the same embedding: the text encoder may be untrained, collapsed or only "
        + "partly loaded; text-based scores are then meaningless" : nil
  }

  /// All prompts of labels: several for a label that the knowledge table describes.
  package static func prompts(
    of labels: [String], template: String, knowledge: Knowledge?
  ) -> [String] {
    labels.flatMap { knowledge?.ensemble(for: $0) ?? [$0] }
      .map { PromptTemplates.prompt(template, category: $0) }
  }
}
