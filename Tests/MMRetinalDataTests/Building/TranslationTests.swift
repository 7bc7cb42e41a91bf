import Foundation
import MMRetinalData
import Testing

/// Captions that a translator gets and returns.
@Suite struct TranslationTests {
  private let rows = [
    PairRow(
      image: "images/figure1-1A.jpg", book: "atlas", page: 3, figure: "1-1", panel: "A",
      modality: .colorFundus, captionZh: "视盘水肿（男，54岁）。"),
    PairRow(
      image: "images/figure1-1B.jpg", book: "atlas", page: 3, figure: "1-1", panel: "B",
      modality: .angiography, captionZh: "视盘水肿（男，54岁）。"),
    PairRow(
      image: "images/figure1-2.jpg", book: "atlas", page: 4, figure: "1-2", panel: "",
      modality: .colorFundus, caption: "Drusen, \"soft\".", captionZh: "玻璃膜疣"),
    PairRow(
      image: "images/figure1-3.jpg", book: "atlas", page: 4, figure: "1-3", panel: "",
      modality: .coherenceTomography, caption: "Macular hole, \"large\"."),
    PairRow(
      image: "images/figure1-4.jpg", book: "atlas", page: 4, figure: "1-4", panel: "",
      modality: .other, captionZh: "示意图"),
  ]

  private func file(_ text: String, _ suffix: String = "csv") throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(
      path: "translations-\(UUID().uuidString).\(suffix)")
    try Data(text.utf8).write(to: url)
    return url
  }

  @Test func asksForEachTextOnce() {
    let requests = TranslationRequest.missing(in: rows)
    #expect(requests.map(\.key) == ["images/figure1-1A.jpg", "images/figure1-3.jpg"])
    #expect(requests[0].images.count == 2 && requests[0].target == .english)
    #expect(requests[1].target == .chinese)
    #expect(
      TranslationRequest.missing(in: rows, excluding: ["images/figure1-3.jpg"]).count == 1)
  }

  @Test(arguments: ["csv", "jsonl"]) func whatIsExportedCanBeImported(_ suffix: String) throws {
    let requests = TranslationRequest.missing(in: rows)
    let url = try file("", suffix)
    defer { try? FileManager.default.removeItem(at: url) }
    #expect(throws: (any Error).self) {
      try TranslationFile.write(requests, to: url, force: false)
    }
    try TranslationFile.write(requests, to: url, force: true)
    let read = try TranslationFile(contentsOf: url)
    #expect(read.entries.map(\.key) == requests.map(\.key))
    #expect(read.entries.map(\.source) == requests.map(\.source))
    // Nothing is made up: all is still to be done.
    let answers = read.translations(of: requests)
    #expect(answers.texts.isEmpty)
    #expect(answers.notes.count == 1 && answers.notes[0].contains("2 translations of 2"))
  }

  @Test func takesWhatStillFits() throws {
    let url = try file(
      """
      key,source,translation
      images/figure1-1B.jpg,视盘水肿（男，54岁）。,"Disc edema
       in a 54-year-old man."
      images/figure1-3.jpg,Macular hole.,黄斑裂孔
      images/figure9-9.jpg,No,没有
      """)
    defer { try? FileManager.default.removeItem(at: url) }
    let requests = TranslationRequest.missing(in: rows)
    let answers = try TranslationFile(contentsOf: url).translations(of: requests)
    #expect(answers.texts == ["images/figure1-1A.jpg": "Disc edema in a 54-year-old man."])
    #expect(answers.notes.count == 2)
    #expect(answers.notes[0].contains("line 4") && answers.notes[0].contains("differs"))
    #expect(answers.notes[1].contains("figure9-9.jpg"))
    let translated = answers.apply(requests, to: rows)
    #expect(translated[0].caption == "Disc edema in a 54-year-old man.")
    #expect(translated[1].caption == translated[0].caption)
    #expect(translated[0].translated == .english && translated[0].flags.isEmpty)
    #expect(translated[0].captionZh == rows[0].captionZh)
    #expect(translated[2...] == rows[2...])
  }

  @Test(arguments: ["视盘水肿，男性。", "视盘水肿（男，54岁）。"])
  func flagsAWrongLanguage(_ text: String) {
    let requests = TranslationRequest.missing(in: rows)
    let answers = TranslationAnswers(texts: ["images/figure1-1A.jpg": text])
    #expect(answers.apply(requests, to: rows)[0].flags == [.unsureTranslation])
  }

  @Test(arguments: [
    ("key,source\na,b\n", "'translation'"), ("key,source,translation\n,b,c\n", "key is empty"),
    ("key,source,translation\na,b,c\na,b,d\n", "another translation"),
    ("key,source,translation\na,b\n", "2 fields"),
  ])
  func refusesOtherFiles(_ text: String, _ message: String) throws {
    let url = try file(text)
    defer { try? FileManager.default.removeItem(at: url) }
    let error = #expect(throws: TextFileError.self) { try TranslationFile(contentsOf: url) }
    #expect(error?.description.contains(message) == true)
  }

  @Test func decisionsThatWereMadeWithTranslationsHold() {
    let requests = TranslationRequest.missing(in: rows)
    let answers = TranslationAnswers(texts: ["images/figure1-1A.jpg": "Disc edema."])
    let shown = answers.apply(requests, to: rows)
    var decision = ReviewDecisions.Decision(image: rows[0].image, verdict: .accept)
    decision.seen = .init(caption: "Disc edema.", captionZh: rows[0].captionZh)
    let decisions = ReviewDecisions([decision])
    #expect(decisions.apply(to: rows, shown: shown).accepted == [rows[0].image])
    #expect(decisions.apply(to: rows).unapplied.count == 1)
  }
}
