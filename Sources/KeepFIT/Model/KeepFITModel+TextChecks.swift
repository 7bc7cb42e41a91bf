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
}
