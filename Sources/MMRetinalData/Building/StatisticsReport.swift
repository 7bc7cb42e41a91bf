import Foundation

/// The statistics of several sets of texts as tables (CSV) and figures (SVG).
public struct StatisticsReport: Sendable {
  /// The sets, in the order in which they are shown.
  public let sets: [TextStatistics]
  /// The bins of the histogram of lengths.
  public let bins: Int

  /// A report.
  /// - `sets`: at least one.
  public init(_ sets: [TextStatistics], bins: Int = 7) {
    precondition(!sets.isEmpty && bins > 0, "nothing to report")
    self.sets = sets
    self.bins = bins
  }

  /// The statistics of the texts of manifests: one set for each manifest and language of captions; of
  /// labeled manifests, the categories of each row.
  public init(_ manifests: [Manifest]) {
    var sets: [TextStatistics] = []
    for manifest in manifests {
      for language in CaptionLanguage.allCases {
        let texts = manifest.rows.compactMap { $0.caption(in: language) }
        if texts.isEmpty { continue }
        sets.append(
          TextStatistics(
            name: "\(manifest.name)-\(language.rawValue)", texts: texts, language: language))
      }
      let labels = manifest.rows.flatMap(\.categories)
      if !labels.isEmpty { sets.append(TextStatistics(name: manifest.name, texts: labels)) }
    }
    self.init(sets)
  }

  /// The longest text of all sets: where the last bin ends.
  public var largest: Int { max(2, sets.flatMap(\.lengths).max() ?? 2) }

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

  /// A line for each bin of lengths, a column for each set.
  public func histogramCSV() -> String {
    let counts = sets.map { $0.histogram(bins: bins, largest: largest) }
    return CSVWriter.text(
      header: ["from", "to"] + sets.map(\.name),
      rows: (0..<bins).map { bin in
        [Self.number(edge(bin), 1), Self.number(edge(bin + 1), 1)]
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

  /// Counts of texts by length, on a logarithmic axis, the sets side by side.
  public func histogramSVG() -> String {
    let counts = sets.map { $0.histogram(bins: bins, largest: largest) }
    let decades = max(1, Int(log10(Double(max(1, counts.joined().max() ?? 1))).rounded(.up)))
    var plot = SVGPlot(xTitle: "Text length", yTitle: "Count")
    for decade in 0...decades {
      plot.yTick(Double(decade) / Double(decades), label: "\(Int(pow(10, Double(decade))))")
    }
    let group = 1 / Double(bins)
    for bin in 0...bins { plot.xTick(Double(bin) * group, label: Self.number(edge(bin), 0)) }
    // A group of bars is half a bin wide, as in the published figure.
    let width = group / 2 / Double(sets.count)
    for (index, heights) in counts.enumerated() {
      for (bin, count) in heights.enumerated() where count > 0 {
        // A single text is drawn as a sliver, since its logarithm is zero.
        let height = max(0.006, log10(Double(count)) / Double(decades))
        plot.bar(
          x: Double(bin) * group + group / 4 + Double(index) * width, width: width, height: height,
          series: index, label: "\(sets[index].name): \(count)")
      }
    }
    return plot.svg(legend: sets.map(\.name))
  }

  /// Vocabulary over mean length, a bubble for each set whose area is its lexical diversity.
  public func vocabularySVG() -> String {
    let widest = max(1, sets.map(\.meanLength).max() ?? 1) * 1.15
    let most = Double(max(1, sets.map(\.vocabulary).max() ?? 1)) * 1.15
    let densest = max(1e-9, sets.map(\.lexicalDiversity).max() ?? 1)
    var plot = SVGPlot(xTitle: "Mean text length", yTitle: "Vocabulary")
    for step in 0...4 {
      let part = Double(step) / 4
      plot.xTick(part, label: Self.number(widest * part, 0))
      plot.yTick(part, label: Self.number(most * part, 0))
    }
    for (index, set) in sets.enumerated() {
      plot.bubble(
        x: set.meanLength / widest, y: Double(set.vocabulary) / most,
        radius: 4 + 26 * (set.lexicalDiversity / densest).squareRoot(), series: index,
        label: "\(set.name): \(set.vocabulary) words, diversity "
          + Self.number(set.lexicalDiversity, 3))
    }
    return plot.svg(legend: sets.map(\.name))
  }

  /// Writes all tables and figures into a directory, which is made if need be.
  /// - `force`: overwrite what is there.
  /// - Returns: the files.
  /// - Throws: ``ImageError/exists(name:)`` or ``ImageError/unwritable(name:reason:)``.
  @discardableResult
  public func write(to directory: URL, force: Bool = false) throws -> [URL] {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let files = [
      ("summary.csv", summaryCSV()), ("lengths.csv", histogramCSV()), ("words.csv", wordsCSV()),
      ("lengths.svg", histogramSVG()), ("vocabulary.svg", vocabularySVG()),
    ]
    return try files.map { name, text in
      let url = directory.appending(path: name)
      try ImageFile.write(Data(text.utf8), to: url, force: force)
      return url
    }
  }

  private func edge(_ bin: Int) -> Double { 1 + Double(largest - 1) * Double(bin) / Double(bins) }

  private static func number(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
