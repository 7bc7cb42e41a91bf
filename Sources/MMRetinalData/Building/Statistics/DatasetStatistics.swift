import Foundation

/// Statistics of image-text datasets: counts by source and modality, text statistics, overlap between sets,
/// and missing or duplicate items.
public struct DatasetStatistics: Sendable, Codable, Hashable {
  /// The numbers of rows and images of a source and modality.
  public struct Contents: Sendable, Codable, Hashable {
    /// The manifest.
    public let set: String
    /// The dataset: the first directory of the paths.
    public let source: String
    /// The modality.
    public let modality: ImagingModality
    /// Rows of the manifest.
    public var rows = 0
    /// Different images.
    public var images = 0
    /// Rows with an English caption.
    public var english = 0
    /// Rows with a Chinese caption.
    public var chinese = 0
    /// Rows with labels.
    public var labeled = 0
  }

  /// The findings of a set, the most frequent first.
  public struct Findings: Sendable, Codable, Hashable {
    /// The set.
    public let set: String
    /// Findings in captions, or the categories of a labeled set.
    public let counts: [FindingCount]
  }

  /// The overlap of two sets.
  public struct Overlap: Sendable, Codable, Hashable {
    /// The first set.
    public let first: String
    /// The second set.
    public let second: String
    /// Words that both use.
    public let words: Int
    /// These as a fraction of the words that either uses (Jaccard's index).
    public let wordShare: Double
    /// Different texts that both hold.
    public let texts: Int
    /// Different image paths that both name.
    public let images: Int
  }

  /// Missing and duplicate items of a manifest.
  public struct Problems: Sendable, Codable, Hashable {
    /// The manifest.
    public let set: String
    /// Lines that cannot be read, missing captions among them.
    public var unreadable = 0
    /// Lines without a caption or label.
    public var withoutText = 0
    /// Rows that name an image of an earlier row.
    public var repeatedImages = 0
    /// Texts that an earlier row has in the same language.
    public var repeatedTexts = 0
    /// Images that are not below the root.
    public var missingImages = 0
  }

  /// One for each manifest, source and modality, in the order of the manifests, then by name.
  public let contents: [Contents]
  /// The texts of each manifest and language.
  public let sets: [TextStatistics]
  /// The findings of each set.
  public let findings: [Findings]
  /// Each pair of sets of one language.
  public let overlaps: [Overlap]
  /// One for each manifest.
  public let problems: [Problems]

  /// Counts what is in manifests.
  ///
  /// - Parameters:
  ///   - manifests: the manifests, with what could not be read of each.
  ///   - looksForImages: whether it is counted how many images do not exist.
  public init(
    _ manifests: [(manifest: Manifest, problems: [TextProblem])], looksForImages: Bool = true
  ) {
    var contents: [Contents] = []
    var collected: [Texts] = []
    var problems: [Problems] = []
    let names = Self.names(of: manifests.map(\.manifest))
    for ((manifest, unread), name) in zip(manifests, names) {
      contents += Self.contents(of: manifest, name: name)
      collected += Self.texts(of: manifest, name: name)
      problems.append(
        Self.problems(of: manifest, unread, name: name, looksForImages: looksForImages))
    }
    self.contents = contents
    self.problems = problems
    sets = collected.map {
      TextStatistics(name: $0.name, texts: $0.texts, language: $0.language)
    }
    findings = collected.map { texts in
      Findings(
        set: texts.name,
        counts: texts.isLabels
          ? Self.labelCounts(texts.texts)
          : CaptionFindings.counts(in: texts.texts, language: texts.language))
    }
    var overlaps: [Overlap] = []
    for second in collected.indices {
      for first in 0..<second where collected[first].language == collected[second].language {
        overlaps.append(
          Self.overlap(collected[first], sets[first], collected[second], sets[second]))
      }
    }
    self.overlaps = overlaps
  }

  /// The texts of one set.
  private struct Texts {
    let name: String
    let language: CaptionLanguage
    let isLabels: Bool
    let texts: [String]
    let images: Set<String>
  }

  /// File names, with a number where two manifests have the same.
  private static func names(of manifests: [Manifest]) -> [String] {
    var seen: [String: Int] = [:]
    return manifests.map { manifest in
      let count = seen[manifest.name, default: 0] + 1
      seen[manifest.name] = count
      return count == 1 ? manifest.name : "\(manifest.name) (\(count))"
    }
  }

  private static func contents(of manifest: Manifest, name: String) -> [Contents] {
    struct Key: Hashable {
      let source: String
      let modality: ImagingModality
    }
    let groups = Dictionary(grouping: manifest.rows) {
      Key(source: $0.dataset, modality: modality(of: $0))
    }
    return groups.sorted {
      ($0.key.source, $0.key.modality.rawValue) < ($1.key.source, $1.key.modality.rawValue)
    }.map { key, rows in
      Contents(
        set: name, source: key.source, modality: key.modality, rows: rows.count,
        images: Set(rows.map(\.image)).count,
        english: rows.count { $0.caption(in: .english) != nil },
        chinese: rows.count { $0.caption(in: .chinese) != nil },
        labeled: rows.count { !$0.categories.isEmpty })
    }
  }

  /// What a row says, or else a directory of its path that is named like a modality, as in the published
  /// manifests (`MM_Retinal_dataset_v1/FFA/figure01-05B.jpg`).
  private static func modality(of row: ManifestRow) -> ImagingModality {
    if row.columns["modality"]?.isEmpty ?? true {
      for part in row.image.split(separator: "/").dropLast() {
        if let modality = ImagingModality(named: String(part)) { return modality }
      }
    }
    return row.modality
  }

  private static func texts(of manifest: Manifest, name: String) -> [Texts] {
    var result: [Texts] = []
    for language in CaptionLanguage.allCases {
      let rows = manifest.rows.filter { $0.caption(in: language) != nil }
      if rows.isEmpty { continue }
      result.append(
        Texts(
          name: "\(name)-\(language.rawValue)", language: language, isLabels: false,
          texts: rows.compactMap { $0.caption(in: language) }, images: Set(rows.map(\.image))))
    }
    let labels = manifest.rows.flatMap(\.categories)
    if !labels.isEmpty {
      result.append(
        Texts(
          name: name, language: .english, isLabels: true, texts: labels,
          images: Set(manifest.rows.map(\.image))))
    }
    return result
  }

  private static func problems(
    of manifest: Manifest, _ unread: [TextProblem], name: String, looksForImages: Bool
  ) -> Problems {
    var problems = Problems(set: name)
    problems.unreadable = unread.count { $0.kind != .missingCaption }
    problems.withoutText =
      unread.count { $0.kind == .missingCaption }
      + manifest.rows.count { row in
        row.categories.isEmpty && CaptionLanguage.allCases.allSatisfy { row.caption(in: $0) == nil }
      }
    let images = Set(manifest.rows.map(\.image))
    problems.repeatedImages = manifest.rows.count - images.count
    for language in CaptionLanguage.allCases {
      let texts = manifest.rows.compactMap { $0.caption(in: language) }
      problems.repeatedTexts += texts.count - Set(texts).count
    }
    if looksForImages {
      problems.missingImages = images.count {
        !ImageAddress.exists(manifest.root.image($0))
      }
    }
    return problems
  }

  private static func labelCounts(_ labels: [String]) -> [FindingCount] {
    Dictionary(grouping: labels, by: \.self).map {
      FindingCount(finding: $0.key, texts: $0.value.count)
    }.sorted { ($1.texts, $0.finding) < ($0.texts, $1.finding) }
  }

  private static func overlap(
    _ a: Texts, _ first: TextStatistics, _ b: Texts, _ second: TextStatistics
  ) -> Overlap {
    let words = Set(first.words.map(\.word)), others = Set(second.words.map(\.word))
    let shared = words.intersection(others).count
    let all = words.count + others.count - shared
    return Overlap(
      first: a.name, second: b.name, words: shared,
      wordShare: all == 0 ? 0 : Double(shared) / Double(all),
      texts: Set(a.texts).intersection(b.texts).count,
      images: a.images.intersection(b.images).count)
  }
}
