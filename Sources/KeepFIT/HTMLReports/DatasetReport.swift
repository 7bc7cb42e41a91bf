import Foundation
import MMRetinalData

/// The statistics of image-text datasets as an HTML report, tables and figures.
///
/// The figures are those of the paper: a word cloud, the histogram of text lengths on a logarithmic axis, and
/// vocabulary over mean length with lexical diversity as area.
public struct DatasetReport: Sendable {
  /// The statistics.
  public let statistics: DatasetStatistics

  /// A report.
  public init(_ statistics: DatasetStatistics) { self.statistics = statistics }

  /// English stop words, which the word cloud leaves out.
  static let functionWords: Set<String> = Set(
    """
    a an the and or but nor of in on at to from by for with without within into onto over under above below \
    between during after before as is are was were be been being has have had do does did can could may might \
    will would should shall must not no this that these those it its he his she her they their we our you your \
    there here which who whom whose what when where while than then so such also both each every all any some \
    more most other another same one two three four see seen show shows showing shown note notes noted noting
    """.split(whereSeparator: \.isWhitespace).map(String.init))

  // MARK: - Figures

  /// The most frequent words of all English sets, or of all sets where none is English.
  public func wordCloud() -> String {
    var counts: [String: Int] = [:]
    for set in statistics.sets {
      for word in set.words where Self.isContentWord(word.word) {
        counts[word.word, default: 0] += word.count
      }
    }
    return WordCloud(
      title: "Most frequent words", words: counts.map { WordCloud.Word($0.key, count: $0.value) }
    ).svg()
  }

  private static func isContentWord(_ word: String) -> Bool {
    guard !functionWords.contains(word.lowercased()), word.contains(where: \.isLetter) else {
      return false
    }
    // A single Latin letter is a panel label; a single Chinese character is a word here.
    return word.count > 1 && word.unicodeScalars.allSatisfy { $0.value < 0x2E80 }
  }

  /// Texts by length.
  public func lengthHistogram() -> String {
    let bins = statistics.bins
    return HistogramPlot(
      title: "Text length", xLabel: "Text length (words, characters in Chinese)",
      edges: (0...bins.count).map(bins.edge),
      series: statistics.sets.map { HistogramPlot.Series($0.name, bins.counts($0.lengths)) }
    ).svg()
  }

  /// Vocabulary over mean length.
  public func vocabularyPlot() -> String {
    BubblePlot(
      title: "Vocabulary and text length", xLabel: "Mean text length", yLabel: "Vocabulary",
      areaLabel: "lexical diversity",
      bubbles: statistics.sets.map {
        BubblePlot.Bubble(
          $0.name, x: $0.meanLength, y: Double($0.vocabulary), area: $0.lexicalDiversity)
      }
    ).svg()
  }

  /// The counts of the most frequent findings of each set.
  public func findingPlots() -> [String] {
    statistics.findings.filter { !$0.counts.isEmpty }.map { set in
      let shown = set.counts.prefix(20)
      var plot = DotPlot(
        title: "Findings: \(set.set)", xLabel: "Texts", categories: shown.map(\.finding),
        groups: [BarPlot.Group(set.set, shown.map { Double($0.texts) })])
      plot.width = 640
      return plot.svg()
    }
  }

  // MARK: - Files

  /// Writes the report, the tables (CSV), the figures (SVG) and all numbers (JSON) to a directory, which is
  /// created if needed.
  ///
  /// - Parameters:
  ///   - directory: where to write.
  ///   - force: whether files that exist are overwritten.
  /// - Returns: the files.
  /// - Throws: what `AtomicFile` throws where a file exists or cannot be written; nothing is written if any file
  ///   exists and `force` is false.
  @discardableResult
  public func write(to directory: URL, force: Bool = false) throws -> [URL] {
    let files = [
      ("report.html", html()), ("statistics.json", try JSONText.encode(statistics) + "\n"),
      ("summary.csv", statistics.summaryCSV()), ("contents.csv", statistics.contentsCSV()),
      ("lengths.csv", statistics.lengthsCSV()), ("words.csv", statistics.wordsCSV()),
      ("findings.csv", statistics.findingsCSV()), ("overlap.csv", statistics.overlapCSV()),
      ("problems.csv", statistics.problemsCSV()), ("words.svg", wordCloud()),
      ("lengths.svg", lengthHistogram()), ("vocabulary.svg", vocabularyPlot()),
    ]
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let urls = files.map { directory.appending(path: $0.0) }
    if !force, let first = urls.first(where: { FileManager.default.fileExists(atPath: $0.path) }) {
      throw ImageError.exists(name: first.path)
    }
    for (url, (_, text)) in zip(urls, files) {
      try AtomicFile.write(text, to: url, force: force)
    }
    return urls
  }
}
