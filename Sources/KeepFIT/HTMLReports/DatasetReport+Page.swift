import Foundation
import MMRetinalData

extension DatasetReport {
  /// The page: self-contained, with the figures inside.
  public func html() -> String {
    let rows = statistics.contents.reduce(0) { $0 + $1.rows }
    let manifests = Set(statistics.contents.map(\.set)).count
    var page = HTMLPage(
      title: "Dataset statistics",
      subtitle: "\(rows) rows in \(counted(manifests, "manifest"))")
    page.tiles(tiles())
    page.section("Texts")
    page.figures([wordCloud(), lengthHistogram(), vocabularyPlot()])
    page.table(
      ["Set", "Texts", "Vocabulary", "Mean length", "Longest", "Lexical diversity"],
      statistics.sets.map {
        [
          HTMLPage.Cell($0.name), .number("\($0.texts)"), .number("\($0.vocabulary)"),
          .number(String(format: "%.2f", $0.meanLength)), .number("\($0.lengths.max() ?? 0)"),
          .number(String(format: "%.3f", $0.lexicalDiversity)),
        ]
      })
    page.paragraph(
      "Words are runs of letters, digits and underscores, case-sensitive; Chinese is counted in characters. "
        + "Lexical diversity is the vocabulary size divided by the number of texts; it is the area of the circles."
    )
    addContents(to: &page)
    page.section("Findings")
    page.figures(findingPlots())
    page.paragraph(
      "Number of captions that mention a finding, negated or not, and of labels. The complete list is in "
        + "findings.csv."
    )
    addOverlap(to: &page)
    addProblems(to: &page)
    return page.html()
  }

  private func tiles() -> [(value: String, label: String)] {
    var tiles: [(value: String, label: String)] = []
    for modality in ImagingModality.allCases {
      let images = statistics.contents.filter { $0.modality == modality }
        .reduce(0) { $0 + $1.images }
      if images > 0 { tiles.append(("\(images)", "\(modality.rawValue) images")) }
    }
    for set in statistics.sets.prefix(4) {
      tiles.append(("\(set.vocabulary)", "words in \(set.name)"))
    }
    return tiles
  }

  private func addContents(to page: inout HTMLPage) {
    page.section("Sources and modalities")
    page.table(
      ["Manifest", "Source", "Modality", "Rows", "Images", "English", "Chinese", "Labeled"],
      statistics.contents.map {
        [
          HTMLPage.Cell($0.set), HTMLPage.Cell($0.source), HTMLPage.Cell($0.modality.rawValue),
          .number("\($0.rows)"), .number("\($0.images)"), .number("\($0.english)"),
          .number("\($0.chinese)"), .number("\($0.labeled)"),
        ]
      })
  }

  private func addOverlap(to page: inout HTMLPage) {
    guard !statistics.overlaps.isEmpty else { return }
    page.section("Overlap between sets")
    page.table(
      ["Set", "Set", "Words in both", "% of all words", "Texts in both", "Images in both"],
      statistics.overlaps.map {
        [
          HTMLPage.Cell($0.first), HTMLPage.Cell($0.second), .number("\($0.words)"),
          .number(String(format: "%.1f %%", 100 * $0.wordShare)), .number("\($0.texts)"),
          .number("\($0.images)"),
        ]
      })
  }

  private func addProblems(to page: inout HTMLPage) {
    page.section("Missing and duplicate items")
    page.table(
      [
        "Manifest", "Unreadable lines", "Rows without text", "Repeated images", "Repeated texts",
        "Missing images",
      ],
      statistics.problems.map {
        [
          HTMLPage.Cell($0.set), .number("\($0.unreadable)"), .number("\($0.withoutText)"),
          .number("\($0.repeatedImages)"), .number("\($0.repeatedTexts)"),
          .number("\($0.missingImages)"),
        ]
      })
    page.paragraph(
      "Images are missing if the file does not exist below the root. 'keepfit data validate' lists each problem "
        + "and compares the images themselves.")
  }
}
