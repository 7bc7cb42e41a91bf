/// How a row of a manifest becomes the text that its image is paired with (specification 4.4, 4.5).
public struct ReportRules: Sendable {
  /// Which caption of a bilingual row is used.
  public enum CaptionChoice: Sendable, Hashable {
    /// Always the caption in this language.
    case language(CaptionLanguage)
    /// One of the row's captions, each as likely, drawn at each access.
    case any
  }

  /// A text, and the category that it was made from.
  public struct Report: Sendable, Hashable {
    /// The text for the text encoder.
    public let text: String
    /// The category as the manifest has it, empty where a row has none; nil for captions. Images with
    /// one category count as each other's matches.
    public let category: String?
  }

  /// The sentences that labels are put into.
  public var templates = ReportTemplates.training
  /// Descriptors that may stand in for a category; nil leaves categories as they are.
  public var knowledge: Knowledge?
  /// Datasets whose categories stay as they are.
  public var exclusions = Knowledge.publishedExclusions
  /// Which caption of a bilingual row is used.
  public var caption = CaptionChoice.language(.english)

  /// Rules with the published templates.
  /// - Parameter knowledge: augments descriptions when given; the published setting for the labeled
  ///   stream. The expert stream takes none.
  public init(knowledge: Knowledge? = nil) { self.knowledge = knowledge }

  /// The text of a row for one access.
  ///
  /// An attribute and a category are drawn uniformly from the row's (empty texts if it has none) and put
  /// into the template of the row's modality; with ``knowledge``, the category is replaced by a uniform
  /// draw from itself and its descriptors. Captions are used as they stand.
  /// - Precondition: a captioned row has the wanted language (see ``missingCaptions(in:)``).
  public func report(for row: ManifestRow, using random: inout RandomStream) -> Report {
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
      return Report(text: text, category: nil)
    case .labels(let attributes, let categories):
      let attribute = draw(attributes, &random) ?? ""
      let category = draw(categories, &random) ?? ""
      var text = ReportTemplates.report(
        templates[row.modality], attribute: attribute, category: category)
      if !category.isEmpty,
        let pool = knowledge?.augmentationPool(
          for: category, imagePath: row.image, excluding: exclusions),
        let word = draw(pool, &random)
      {
        text = text.replacing(category, with: word)
      }
      return Report(text: text, category: category)
    }
  }

  /// The rows that lack the wanted language, as problems of their manifest.
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
