import Foundation
import KeepFIT
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct DatasetReportTests {
  private func report() throws -> DatasetReport {
    let root = URL(filePath: "/nowhere")
    let rows = try [
      "The optic disc <of> the left eye & vessels", "Choroidal vessels, optic disc", "Macular hole",
    ].enumerated().map {
      try ManifestRow(
        image: "s/\($0.offset).jpg",
        content: .captions([.english: $0.element, .chinese: "视网膜出血"]))
    }
    return DatasetReport(
      DatasetStatistics([(Manifest(name: "a<b>", root: root, rows: rows), [])]))
  }

  @Test func figuresAreWellFormed() throws {
    let report = try report()
    for svg in [report.wordCloud(), report.lengthHistogram(), report.vocabularyPlot()] {
      let parser = XMLParser(data: Data(svg.utf8))
      #expect(parser.parse(), "\(svg.prefix(200))")
    }
    let cloud = report.wordCloud()
    #expect(cloud.contains(">disc<") && cloud.contains(">optic<"))
    #expect(!cloud.contains(">the<") && !cloud.contains(">The<") && !cloud.contains(">视<"))
    #expect(report.wordCloud() == cloud)
  }

  @Test func wordsOfTheCloudDoNotOverlap() {
    let words = (0..<80).map { WordCloud.Word("word\($0)", count: 200 - 2 * $0) }
    let svg = WordCloud(title: "", words: words).svg()
    #expect(svg.components(separatedBy: "<text").count > 30)
  }

  @Test func pageLoadsNothing() throws {
    let page = try report().html()
    #expect(page.contains("Lexical diversity") && page.contains("a&lt;b&gt;-en"))
    #expect(!page.contains("src=\"http") && !page.contains("<link") && !page.contains("a<b>"))
  }

  @Test func writesAllFilesOrNone() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = try report().write(to: folder)
    #expect(files.count == 12)
    let summary = try String(contentsOf: folder.appending(path: "summary.csv"), encoding: .utf8)
    #expect(summary.contains("a<b>-en,3,11,4.67,3.667"), "\(summary)")
    try FileManager.default.removeItem(at: folder.appending(path: "report.html"))
    #expect(throws: ImageError.self) { try report().write(to: folder) }
    #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "report.html").path))
    try report().write(to: folder, force: true)
  }
}
