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

  @Test func binsAreThePublishedOnes() {
    let bins = LengthBins(for: [1, 90, 200])
    #expect(bins.count == 7)
    #expect(abs(bins.width - 281.0 / 7) < 1e-12)
    // Just above 40 wide, so that 41 falls into the first.
    #expect(bins.counts([1, 41, 42, 282]) == [2, 1, 0, 0, 0, 0, 1])
    #expect(LengthBins(for: [3, 8]).counts([1, 2, 8]) == [1, 1, 0, 0, 0, 0, 1])
    #expect(LengthBins(for: [400]).count == 10)
    // The last bin holds what is longer still.
    #expect(LengthBins(for: [1_000_000]).counts([1_000_000]).last == 1)
  }

  @Test func describesSets() throws {
    let root = URL(filePath: "/nowhere")
    func row(_ image: String, _ english: String, _ chinese: String = "") throws -> ManifestRow {
      var captions = [CaptionLanguage.english: english]
      if !chinese.isEmpty { captions[.chinese] = chinese }
      return try ManifestRow(image: image, content: .captions(captions))
    }
    let first = Manifest(
      name: "a", root: root,
      rows: [
        try row("s/1.jpg", "Retinal hemorrhages near the disc", "视网膜出血"),
        try row("s/2.jpg", "Flame-shaped haemorrhage. Hemorrhages!"), try row("s/2.jpg", "Drusen"),
      ])
    let second = Manifest(
      name: "a", root: root,
      rows: [
        try row("s/1.jpg", "Drusen"),
        try ManifestRow(
          image: "t/FFA/9.jpg",
          content: .labels(attributes: [], categories: ["normal"])),
      ])
    let statistics = DatasetStatistics([(first, []), (second, [])])
    #expect(statistics.sets.map(\.name) == ["a-en", "a-zh", "a (2)-en", "a (2)"])
    #expect(statistics.contents.map(\.rows) == [3, 1, 1])
    #expect(statistics.contents[0].images == 2)
    #expect(statistics.contents[2].modality == .angiography)
    #expect(
      statistics.findings[0].counts == [
        FindingCount(finding: "hemorrhage", texts: 2), FindingCount(finding: "drusen", texts: 1),
      ])
    #expect(statistics.findings[1].counts == [FindingCount(finding: "hemorrhage", texts: 1)])
    #expect(statistics.findings[3].counts == [FindingCount(finding: "normal", texts: 1)])
    let overlap = try #require(statistics.overlaps.first)
    #expect(overlap.first == "a-en" && overlap.second == "a (2)-en")
    #expect(overlap.words == 1 && overlap.texts == 1 && overlap.images == 1)
    #expect(statistics.problems[0].repeatedImages == 1)
    #expect(statistics.problems[1].missingImages == 2)
    #expect(
      statistics.summaryCSV().hasPrefix("set,texts,vocabulary,mean_length,lexical_diversity\n"))
    let lines = statistics.lengthsCSV().split(separator: "\n")
    #expect(lines[0] == "from,to,a-en,a-zh,a (2)-en,a (2)")
    #expect(lines.count == 8)
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
