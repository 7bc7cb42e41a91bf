extension KeepFITModel {
  /// Texts that are longer than the model reads: what lies past ``KeepFITConfiguration/maximumTextLength``
  /// tokens is ignored.
  /// - Returns: their positions, ascending.
  public func truncatedTexts(_ texts: [String]) -> [Int] {
    texts.indices.filter {
      tokenizer.truncates(texts[$0], maximumLength: configuration.maximumTextLength)
    }
  }

  /// Whether different texts are all embedded alike, as by a collapsed or half-loaded text encoder: every
  /// two embeddings have a cosine above 0.999.
  ///
  /// Prompts that differ in one label reach 0.99 with random weights and less with trained ones.
  /// - `embeddings`: of different texts, `[N, D]`, of unit length.
  /// - Returns: false for fewer than two.
  public static func areAllAlike(_ embeddings: Tensor) -> Bool {
    let count = embeddings.shape[0]
    guard count > 1 else { return false }
    let cosines = matmul(embeddings, embeddings, transposeB: true).scalars
    return cosines.allSatisfy { $0 > 0.999 }
  }
}
