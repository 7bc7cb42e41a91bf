import Foundation
import MMRetinalData
import Testing

@Suite struct StatisticsTests {
  @Test func countsWords() {
    let statistics = TextStatistics(
      name: "t", texts: ["Optic disc, pale_disc 1-2", "optic µm Disc disc", ""])
    #expect(statistics.texts == 3)
    #expect(statistics.lengths == [5, 4, 0])
    #expect(statistics.meanLength == 3)
    // Optic, disc, pale_disc, 1, 2, optic, µm, Disc
    #expect(statistics.vocabulary == 8)
    #expect(statistics.words[0].word == "disc")
    #expect(statistics.words[0].count == 2)
    #expect(abs(statistics.lexicalDiversity - 8.0 / 3) < 1e-12)
    let chinese = TextStatistics(name: "zh", texts: ["视盘水肿，见 FFA 图"], language: .chinese)
    #expect(chinese.lengths == [7])
  }

  @Test func countsLengthsInBins() {
    let texts = [1, 40, 41, 42, 281].map { Array(repeating: "w", count: $0).joined(separator: " ") }
    let statistics = TextStatistics(name: "t", texts: texts)
    // 282 - 1 over 7 bins: just above 40 wide, so that 41 falls into the first.
    #expect(statistics.histogram(largest: 282) == [3, 1, 0, 0, 0, 0, 1])
    #expect(statistics.histogram(bins: 2, largest: 281) == [4, 1])
  }

  @Test func writesTablesAndFigures() throws {
    let directory = try TemporaryDirectory()
    let report = StatisticsReport([
      TextStatistics(name: "a<b>", texts: ["one two three", "four"]),
      TextStatistics(name: "c, d", texts: ["one"]),
    ])
    #expect(
      report.summaryCSV() == """
        set,texts,vocabulary,mean_length,lexical_diversity
        a<b>,2,4,2.00,2.000
        "c, d",1,1,1.00,1.000

        """)
    let files = try report.write(to: directory.url)
    #expect(files.count == 5)
    for file in files where file.pathExtension == "svg" {
      let parser = XMLChecker()
      #expect(parser.isWellFormed(try Data(contentsOf: file)), "\(file.lastPathComponent)")
    }
    #expect(throws: ImageError.self) { try report.write(to: directory.url) }
    try report.write(to: directory.url, force: true)
  }

  @Test(
    .enabled(if: ManifestTests.released != nil, "set KEEPFIT_RELEASED_MANIFESTS to a directory"))
  func agreesWithThePublishedFigures() throws {
    let directory = URL(filePath: try #require(ManifestTests.released))
      .appending(path: "pretraining")
    func statistics(_ name: String) throws -> TextStatistics {
      let manifest = try Manifest(
        contentsOf: directory.appending(path: name), root: directory, form: .captions)
      return TextStatistics(
        name: name, texts: manifest.rows.compactMap { $0.caption(in: .english) })
    }
    let photographs = try statistics("39_MM_Retinal_dataset.csv")
    #expect(photographs.vocabulary == 3918)
    #expect(abs(photographs.meanLength - 33.43) < 0.005)
    #expect(Array(photographs.histogram(largest: 282).prefix(5)) == [1598, 425, 115, 26, 3])
    let angiographies = try statistics("MM_Retinal_FFA.csv")
    #expect(angiographies.vocabulary == 3011)
    #expect(abs(angiographies.meanLength - 32.60) < 0.005)
    #expect(Array(angiographies.histogram(largest: 282).prefix(5)) == [1495, 377, 62, 7, 6])
  }
}

/// Checks that tags are closed in order and that text is escaped.
private struct XMLChecker {
  func isWellFormed(_ data: Data) -> Bool {
    var open: [Substring] = []
    var rest = String(decoding: data, as: UTF8.self)[...]
    while let start = rest.firstIndex(of: "<") {
      guard let end = rest[start...].firstIndex(of: ">") else { return false }
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("/") {
        guard open.popLast() == tag.dropFirst() else { return false }
      } else if !tag.hasSuffix("/") {
        open.append(tag.prefix { !$0.isWhitespace })
      }
    }
    return open.isEmpty
  }
}
