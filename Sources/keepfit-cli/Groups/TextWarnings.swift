import KeepFIT

/// Warnings about texts that a model cannot use as expected.
enum TextWarnings {
  /// Warns of texts that the model truncates.
  static func truncation(of texts: [String], _ model: KeepFITModel) {
    let cut = model.truncatedTexts(texts)
    guard let first = cut.first else { return }
    let limit = model.configuration.maximumTextLength
    Console.warn(
      "\(cut.count) of \(Pretty.count(texts.count, "text")) \(cut.count == 1 ? "has" : "have") more than "
        + "\(limit) tokens; the rest is ignored, first in '\(texts[first].quotable(limit: 60))'")
  }

  /// Warns of a text encoder that does not distinguish texts.
  static func collapse(_ embeddings: Tensor) {
    guard KeepFITModel.areAllAlike(embeddings) else { return }
    Console.warn(
      "all texts have nearly the same embedding: the text encoder may be untrained, collapsed or only "
        + "partly loaded; text-based scores are then meaningless")
  }
}
