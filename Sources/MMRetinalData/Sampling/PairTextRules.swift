/// The rules that turn a manifest row into the text of its image (specification 4.4, 4.5).
public struct PairTextRules: Sendable {
  /// The caption to use of a bilingual row.
  public enum CaptionChoice: Sendable, Hashable {
    /// Always the caption in this language.
    case language(CaptionLanguage)
    /// One of the row's captions, sampled uniformly at each access.
    case any
  }

  /// A text, and the category that it was generated from.
  public struct PairText: Sendable, Hashable {
    /// The text for the text encoder.
    public let text: String
    /// The category as in the manifest, empty if a row has none; nil for captions. Texts match all images of
    /// the same category.
    public let category: String?
  }

  /// The prompt templates.
  public var templates = PromptTemplates.training
  /// The knowledge table, whose descriptors may replace a category; nil to use plain categories.
  public var knowledge: Knowledge?
  /// Datasets whose categories are not replaced.
  public var exclusions = Knowledge.publishedExclusions
  /// The caption to use of a bilingual row.
  public var caption = CaptionChoice.language(.english)

  /// Creates rules with the published templates.
  /// - Parameter knowledge: the table for description augmentation, as published for the labeled stream. The
  ///   expert stream uses none.
  public init(knowledge: Knowledge? = nil) { self.knowledge = knowledge }

  /// The text of a row for one access.
  ///
  /// An attribute and a category of the row are sampled uniformly (empty if it has none) and inserted into the
  /// template of the row's modality; with ``knowledge``, the category is replaced by a uniform sample from
  /// itself and its descriptors. Captions are used verbatim.
  /// - Precondition: a captioned row has the requested language (see ``missingCaptions(in:)``).
  public func text(for row: ManifestRow, using random: inout RandomStream) -> PairText {
    switch row.content {
    case .captions(let captions):
      let language: CaptionLanguage
      switch caption {
      case .language(let wanted): language = wanted
      case .any:
        let available = CaptionLanguage.allCases.filter { captions[$0] != nil }
        language = available[random.index(below: available.count)]
      }
      guard let text = captions[language] else {
        preconditionFailure("\(row.image) has no caption in '\(language.rawValue)'")
      }
      return PairText(text: text, category: nil)
    case .labels(let attributes, let categories):
      let attribute = draw(attributes, &random) ?? ""
      let category = draw(categories, &random) ?? ""
      let word = draw(words(for: category, of: row), &random)
      return PairText(
        text: text(of: row, attribute: attribute, category: category, word: word),
        category: category)
    }
  }

  /// Every text that ``text(for:using:)`` may give a row.
  public func possibleTexts(for row: ManifestRow) -> Set<String> {
    switch row.content {
    case .captions(let captions):
      let languages = CaptionLanguage.allCases.filter {
        caption == .any || caption == .language($0)
      }
      return Set(languages.compactMap { captions[$0] })
    case .labels(let attributes, let categories):
      var texts: Set<String> = []
      for category in categories.isEmpty ? [""] : categories {
        let words = words(for: category, of: row)
        for attribute in attributes.isEmpty ? [""] : attributes {
          for word in words.isEmpty ? [nil] : words.map(Optional.some) {
            texts.insert(text(of: row, attribute: attribute, category: category, word: word))
          }
        }
      }
      return texts
    }
  }

  /// What may stand for a category, itself included; empty if nothing is known about it.
  private func words(for category: String, of row: ManifestRow) -> [String] {
    if category.isEmpty { return [] }
    return knowledge?.augmentationPool(
      for: category, imagePath: row.image, excluding: exclusions) ?? []
  }

  private func text(
    of row: ManifestRow, attribute: String, category: String, word: String?
  ) -> String {
    let text = PromptTemplates.text(
      templates[row.modality], attribute: attribute, category: category)
    return word.map { text.replacing(category, with: $0) } ?? text
  }

  /// The rows without the requested language, as problems of their manifest.
  public func missingCaptions(in manifest: Manifest) -> [TextProblem] {
    guard case .language(let wanted) = caption else { return [] }
    return manifest.rows.compactMap { row in
      guard case .captions(let captions) = row.content, captions[wanted] == nil else { return nil }
      return TextProblem(
        line: row.line, message: "'\(row.image)' has no caption in '\(wanted.rawValue)'")
    }
  }

  private func draw(_ choices: [String], _ random: inout RandomStream) -> String? {
    choices.isEmpty ? nil : choices[random.index(below: choices.count)]
  }
}
