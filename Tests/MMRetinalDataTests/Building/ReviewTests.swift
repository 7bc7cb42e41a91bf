import Foundation
import MMRetinalData
import Testing

@Suite struct ReviewTests {
  private let rows = [
    PairRow(
      image: "images/figure1-1A.jpg", book: "b", page: 3, figure: "1-1", panel: "A",
      modality: .colorFundus, caption: "One", flags: [.unclearModality]),
    PairRow(
      image: "images/figure1-1B.jpg", book: "b", page: 3, figure: "1-1", panel: "B",
      modality: .angiography, caption: "Two"),
    PairRow(
      image: "images/figure1-2.jpg", book: "b", page: 4, figure: "1-2", panel: "",
      modality: .other, captionZh: "三"),
  ]

  private func read(_ json: String) throws -> ReviewDecisions {
    let directory = try TemporaryDirectory()
    let file = directory.url.appending(path: "decisions.json")
    try Data(json.utf8).write(to: file)
    return try ReviewDecisions(contentsOf: file)
  }

  private func decisions(_ list: String) -> String {
    "{\"kind\": \"keepfit review decisions\", \"version\": 1, \"decisions\": [\(list)]}"
  }

  @Test func appliesVerdictsAndChanges() throws {
    let outcome = try read(
      decisions(
        """
        {"image": "images/figure1-1A.jpg", "verdict": "accept",
         "set": {"caption": "Uno", "modality": "OCT", "figure": "7-1", "panel": "C"}},
        {"image": "images/figure1-1B.jpg", "verdict": "reject"},
        {"image": "images/figure1-2.jpg", "set": {"caption_zh": "叁"}}
        """)
    ).apply(to: rows)
    #expect(outcome.accepted == ["images/figure1-1A.jpg"])
    #expect(outcome.rejected == ["images/figure1-1B.jpg"])
    #expect(outcome.unapplied.isEmpty)
    #expect(outcome.rows[0].caption == "Uno" && outcome.rows[0].modality == .coherenceTomography)
    #expect(outcome.rows[0].figure == "7-1" && outcome.rows[0].panel == "C")
    #expect(outcome.rows[0].flags == [.unclearModality])
    #expect(outcome.rows[1].flags == [.rejected])
    #expect(outcome.rows[2].captionZh == "叁" && outcome.rows[2].flags.isEmpty)
  }

  @Test func findsRowsByPlaceWhereNamesHaveChanged() throws {
    let outcome = try read(
      decisions(
        """
        {"image": "images/figure1-1B.jpg", "book": "b", "page": 3, "figure": "1-1", "panel": "A",
         "verdict": "accept"}
        """)
    ).apply(to: rows)
    #expect(outcome.accepted == ["images/figure1-1A.jpg"])
  }

  @Test func tellsDecisionsThatDoNotFit() throws {
    let outcome = try read(
      decisions(
        """
        {"image": "images/gone.jpg", "verdict": "accept"},
        {"image": "images/figure1-1A.jpg", "verdict": "accept", "seen": {"caption": "Other"}},
        {"image": "images/figure1-1B.jpg", "verdict": "accept"},
        {"image": "images/figure1-1B.jpg", "verdict": "reject"}
        """)
    ).apply(to: rows)
    #expect(outcome.unapplied.count == 3)
    #expect(outcome.accepted == ["images/figure1-1B.jpg"] && outcome.rejected.isEmpty)
    #expect(outcome.rows == rows)
  }

  @Test(arguments: [
    "", "[]", "{\"kind\": \"x\", \"version\": 1, \"decisions\": []}", "{\"version\": 1}",
    "{\"kind\": \"keepfit review decisions\", \"version\": 2, \"decisions\": []}",
    "{\"kind\": \"keepfit review decisions\", \"version\": 1, \"decisions\": [{}]}",
    "{\"kind\": \"keepfit review decisions\", \"version\": 1, \"decisions\": [{\"image\": \"a\", \"verdict\": \"maybe\"}]}",
    "{\"kind\": \"keepfit review decisions\", \"version\": 1, \"decisions\": [{\"image\": \"a\", \"set\": {\"modality\": \"XRAY\"}}]}",
    "{\"kind\": \"keepfit review decisions\", \"version\": 1, \"decisions\": [{\"image\": \"a\", \"set\": {\"figure\": \"../x\"}}]}",
    "{\"kind\": \"keepfit review decisions\", \"version\": 1, \"decisions\": [{\"image\": \"a\", \"set\": {\"panel\": \"/\"}}]}",
  ])
  func refusesOtherFiles(_ text: String) {
    #expect(throws: TextFileError.self) { try read(text) }
  }

  @Test func pageHoldsItsRowsSafely() throws {
    var rows = rows
    rows[0].caption = "</script><script>alert(1)</script> & \u{2028}"
    let html = ReviewPage(rows: rows, title: "<b>").html()
    #expect(html.components(separatedBy: "</script>").count == 3)
    #expect(!html.contains("<b>\"") && !html.contains("http://") && !html.contains("https://"))
    let start = try #require(html.range(of: "id=\"contents\">")).upperBound
    let end = try #require(html[start...].range(of: "</script>")).lowerBound
    let json =
      try JSONSerialization.jsonObject(with: Data(html[start..<end].utf8)) as? [String: Any]
    let read = try #require(json?["rows"] as? [[String: Any]])
    #expect(read.count == 3)
    #expect(read[0]["caption"] as? String == rows[0].caption)
    #expect((json?["flags"] as? [String: String])?["privacy"] != nil)
  }

  @Test func cardCountsWhatIsUsed() {
    let card = DataCard(
      rows: rows, accepted: ["images/figure1-1B.jpg"], notes: ["book b|c: 4 pages"]
    ).markdown()
    #expect(card.contains("3 images from 1 book: 1 in the manifests, 1 waiting for review"))
    #expect(card.contains("| b | 1 | 1 | 0 | 1 | 3 | 1 | 1 |"))
    #expect(card.contains("`unclear-modality`") && card.contains("b\\|c"))
  }
}
