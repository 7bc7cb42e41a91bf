import KeepFIT

/// Says what a model does with texts that nobody would expect.
enum TextWarnings {
  /// Counts the texts that the model cuts.
  static func truncation(of texts: [String], _ model: KeepFITModel) {
    let cut = model.truncatedTexts(texts)
    guard let first = cut.first else { return }
    let limit = model.configuration.maximumTextLength
    Console.warn(
      "\(cut.count) of \(Pretty.count(texts.count, "text")) \(cut.count == 1 ? "has" : "have") more than "
        + "\(limit) tokens; the rest is ignored, first of '\(texts[first].quotable(limit: 60))'")
  }

  /// Warns of a text encoder that tells no text from another.
  static func collapse(_ embeddings: Tensor) {
    guard KeepFITModel.areAllAlike(embeddings) else { return }
    Console.warn(
      "all texts have nearly the same embedding: the text encoder may be untrained, collapsed or only "
        + "partly loaded; scores by text mean nothing then")
  }
}
