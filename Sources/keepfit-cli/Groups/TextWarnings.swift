import KeepFIT

/// Warnings about texts that a model cannot use as expected.
enum TextWarnings {
  /// Warns of texts that the model truncates.
  static func truncation(of texts: [String], _ model: KeepFITModel) {
    if let warning = model.truncationWarning(of: texts) { Console.warn(warning) }
  }

  /// Warns of texts that are truncated, and of a text encoder that does not distinguish them.
  static func check(_ texts: [String], _ model: KeepFITModel) {
    truncation(of: texts, model)
    if texts.count > 1 { collapse(model.textEmbeddings(texts).l2Normalized()) }
  }

  /// Warns of prompts of labels that are truncated, and of a knowledge table that knows none of the labels.
  /// - Parameters:
  ///   - labels: the labels.
  ///   - table: the knowledge table; nil for none.
  ///   - isChosen: whether the user chose the table.
  ///   - template: the prompt template.
  ///   - model: the model.
  static func prompts(
    of labels: [String], table: Knowledge?, isChosen: Bool, template: String, _ model: KeepFITModel
  ) {
    if let table, isChosen, labels.allSatisfy({ table.descriptors(for: $0) == nil }) {
      Console.warn(
        "--knowledge: the table describes none of the labels, which are used as they are")
    }
    truncation(
      of: KeepFITModel.prompts(of: labels, template: template, knowledge: table), model)
  }

  /// Warns of a text encoder that does not distinguish texts.
  static func collapse(_ embeddings: Tensor) {
    if let warning = KeepFITModel.collapseWarning(of: embeddings) { Console.warn(warning) }
  }
}
