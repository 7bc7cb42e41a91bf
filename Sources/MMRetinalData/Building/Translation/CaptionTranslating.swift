/// A caption that stands in one language only.
public struct TranslationRequest: Sendable, Hashable {
  /// The images of all rows with this caption, by their paths in `pairs.jsonl`, in the order of rows.
  public let images: [String]
  /// The caption as printed.
  public let source: String
  /// The language of the caption.
  public let language: CaptionLanguage

  /// What names the request in a file: the first of its images.
  public var key: String { images[0] }
  /// The language that is missing.
  public var target: CaptionLanguage { language == .english ? .chinese : .english }

  /// The captions of rows that lack the other language, each once, in the order of rows.
  ///
  /// - Parameters:
  ///   - rows: rows of a dataset; those without a retina (`other`) are left out.
  ///   - excluded: images whose rows are left out, as those that were rejected.
  public static func missing(
    in rows: [PairRow], excluding excluded: Set<String> = []
  ) -> [TranslationRequest] {
    struct Text: Hashable {
      let source: String
      let language: CaptionLanguage
    }
    var order: [Text] = []
    var images: [Text: [String]] = [:]
    for row in rows where row.modality != .other && !excluded.contains(row.image) {
      guard row.caption.isEmpty != row.captionZh.isEmpty else { continue }
      let text =
        row.caption.isEmpty
        ? Text(source: row.captionZh, language: .chinese)
        : Text(source: row.caption, language: .english)
      if images[text] == nil { order.append(text) }
      images[text, default: []].append(row.image)
    }
    return order.map {
      TranslationRequest(images: images[$0]!, source: $0.source, language: $0.language)
    }
  }
}

/// What a translator returned.
public struct TranslationAnswers: Sendable, Hashable {
  /// Translations by ``TranslationRequest/key``.
  public var texts: [String: String]
  /// A sentence for everything that could not be used.
  public var notes: [String]

  /// Answers.
  ///
  /// - Parameters:
  ///   - texts: translations by the keys of their requests.
  ///   - notes: what could not be used.
  public init(texts: [String: String] = [:], notes: [String] = []) {
    self.texts = texts
    self.notes = notes
  }
}

/// A source of translations: by default ``TranslationFile``, which a translator filled in. A caption that it does
/// not translate stays in one language.
public protocol CaptionTranslating: Sendable {
  /// Translates captions.
  ///
  /// - Parameter requests: captions that stand in one language only.
  /// - Returns: translations of some or all of them.
  /// - Throws: whatever prevents translating at all.
  func translations(of requests: [TranslationRequest]) throws -> TranslationAnswers
}

extension PairRow {
  /// The row with a translation next to its own text. A translation in a wrong language, or one that says the
  /// same as its source, gets a flag.
  func translated(_ text: String, into language: CaptionLanguage) -> PairRow {
    var row = self
    let source = language == .english ? captionZh : caption
    if language == .english { row.caption = text } else { row.captionZh = text }
    row.translated = language
    var added: Set<PairFlag> = []
    if PrintedText.isChinese(text) != (language == .chinese) || text == source {
      added.insert(.unsureTranslation)
    }
    if PrintedText.hasStrayCharacters(text) { added.insert(.strayCharacters) }
    if PrivacyCheck.finds(in: row) { added.insert(.privacy) }
    row.flags = PairFlag.allCases.filter { row.flags.contains($0) || added.contains($0) }
    return row
  }
}

extension TranslationAnswers {
  /// Rows with the translations of their captions.
  package func apply(_ requests: [TranslationRequest], to rows: [PairRow]) -> [PairRow] {
    var texts: [String: (text: String, target: CaptionLanguage)] = [:]
    for request in requests {
      guard let text = self.texts[request.key] else { continue }
      for image in request.images { texts[image] = (text, request.target) }
    }
    return rows.map { row in
      texts[row.image].map { row.translated($0.text, into: $0.target) } ?? row
    }
  }
}
