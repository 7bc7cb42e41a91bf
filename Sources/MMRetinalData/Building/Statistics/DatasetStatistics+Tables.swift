import Foundation

extension DatasetStatistics {
  /// The bins of text lengths that fit all sets.
  public var bins: LengthBins { LengthBins(for: sets.flatMap(\.lengths)) }

  /// A line for each set: texts, vocabulary, mean length, lexical diversity.
  public func summaryCSV() -> String {
    CSVWriter.text(
      header: ["set", "texts", "vocabulary", "mean_length", "lexical_diversity"],
      rows: sets.map {
        [
          $0.name, "\($0.texts)", "\($0.vocabulary)", Self.number($0.meanLength, 2),
          Self.number($0.lexicalDiversity, 3),
        ]
      })
  }

  /// A line for each source and modality of a set.
  public func contentsCSV() -> String {
    CSVWriter.text(
      header: [
        "set", "source", "modality", "rows", "images", "captions_en", "captions_zh", "labeled",
      ],
      rows: contents.map {
        [
          $0.set, $0.source, $0.modality.rawValue, "\($0.rows)", "\($0.images)", "\($0.english)",
          "\($0.chinese)", "\($0.labeled)",
        ]
      })
  }

  /// A line for each bin of lengths, a column for each set.
  public func lengthsCSV() -> String {
    let bins = self.bins
    let counts = sets.map { bins.counts($0.lengths) }
    return CSVWriter.text(
      header: ["from", "to"] + sets.map(\.name),
      rows: (0..<bins.count).map { bin in
        [Self.number(bins.edge(bin), 1), Self.number(bins.edge(bin + 1), 1)]
          + counts.map { "\($0[bin])" }
      })
  }

  /// The most frequent words of each set.
  public func wordsCSV(top: Int = 200) -> String {
    CSVWriter.text(
      header: ["set", "word", "count"],
      rows: sets.flatMap { set in set.words.prefix(top).map { [set.name, $0.word, "\($0.count)"] } }
    )
  }

  /// How many texts of each set name a finding, or have a label.
  public func findingsCSV() -> String {
    CSVWriter.text(
      header: ["set", "finding", "texts"],
      rows: findings.flatMap { set in set.counts.map { [set.set, $0.finding, "\($0.texts)"] } })
  }

  /// The overlap of each pair of sets.
  public func overlapCSV() -> String {
    CSVWriter.text(
      header: ["first", "second", "words", "word_share", "texts", "images"],
      rows: overlaps.map {
        [
          $0.first, $0.second, "\($0.words)", Self.number($0.wordShare, 4), "\($0.texts)",
          "\($0.images)",
        ]
      })
  }

  /// Missing and duplicate items of each manifest.
  public func problemsCSV() -> String {
    CSVWriter.text(
      header: [
        "set", "unreadable", "without_text", "repeated_images", "repeated_texts", "missing_images",
      ],
      rows: problems.map {
        [
          $0.set, "\($0.unreadable)", "\($0.withoutText)", "\($0.repeatedImages)",
          "\($0.repeatedTexts)", "\($0.missingImages)",
        ]
      })
  }

  static func number(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
