import Foundation
import KeepFIT
import MMRetinalData
import TestSupport
import Testing

@Suite struct ReportTextsTests {
  private let folder = try! TemporaryDirectory()

  private func problem(_ text: String, name: String = "a.jsonl") throws -> String {
    let file = try folder.write(text, to: name)
    let error = #expect(throws: TextFileError.self) {
      try ReportTexts(contentsOf: file, allowsSeveral: true)
    }
    return error?.description ?? ""
  }

  @Test func readsLinesWithAnyIdentifiers() throws {
    let file = try folder.write(
      "\u{FEFF}{\"id\": 7, \"text\": \"a\"}\r\n\n{\"text\": \"\", \"id\": \"x\", \"more\": [1]}\n"
        + "{\"id\": 1.5, \"text\": \"\u{2028}b\"}", to: "r.jsonl")
    let texts = try ReportTexts(contentsOf: file, allowsSeveral: true)
    #expect(texts.studies.map(\.id) == ["7", "x", "1.5"])
    #expect(texts.studies.map(\.texts) == [["a"], [""], ["\u{2028}b"]])
  }

  @Test func readsCOCO() throws {
    let references = try folder.write(
      """
      {
        "images": [{"id": 3}],
        "annotations": [
          {"id": 1, "image_id": 3, "caption": "late leakage"},
          {"id": 2, "image_id": 4, "caption": "no leakage"},
          {"id": 3, "image_id": 3, "caption": "leaks late"}
        ]
      }
      """, to: "references.json")
    let hypotheses = try folder.write(
      #"[{"image_id": 4, "caption": "x"}, {"image_id": 3, "caption": "y"}]"#, to: "h.json")
    let pairs = try ReportPair.pairs(references: references, hypotheses: hypotheses)
    #expect(pairs.map(\.id) == ["3", "4"])
    #expect(pairs[0].references == ["late leakage", "leaks late"])
    #expect(pairs.map(\.hypothesis) == ["y", "x"])
    // A hypothesis may be there once only.
    #expect(throws: TextFileError.self) {
      try ReportPair.pairs(references: hypotheses, hypotheses: references)
    }
  }

  @Test func refusesWithTheLine() throws {
    let good = #"{"id": "a", "text": "t"}"# + "\n"
    #expect(
      try problem(good + "{\"id\": \"a\", \"text\": 3}").contains("line 2: 'text' is a number"))
    #expect(try problem(good + good).contains("line 2: the id 'a' occurs twice"))
    #expect(
      try problem("{\"id\": 1, \"text\": \"\"}\n{\"id\": \"1\", \"text\": \"\"}").contains("twice"))
    #expect(try problem(good + "{\"id\": \"b\"}").contains("line 2: 'text' is missing"))
    #expect(try problem(good + "{\"text\": \"b\"}").contains("'id' is missing"))
    #expect(try problem(good + "{\"id\": null, \"text\": \"b\"}").contains("'id' is null"))
    #expect(try problem(good + "{\"id\": \"b\", \"te").contains("line 2"))
    #expect(try problem("").contains("no reports"))
    #expect(try problem("\n \n").contains("no reports"))
    #expect(try problem("not json", name: "a.txt").contains("line 1"))
    #expect(try problem("{\"id\": 123456789012345678901, \"text\": \"\"}").contains("quotes"))
    #expect(try problem("{\"annotations\": 3}", name: "c.json").contains("expected a list"))
    #expect(try problem("[{\"image_id\": 3}]", name: "c.json").contains("'caption' is missing"))
    #expect(try problem("[{\"image_id\"", name: "c.json").contains("JSON list"))
    let long = Array(repeating: "word", count: 6000).joined(separator: " ")
    #expect(try problem("{\"id\": 1, \"text\": \"\(long)\"}").contains("6000 words"))
    #expect(throws: TextFileError.self) {
      try ReportTexts(contentsOf: folder.url.appending(path: "none"), allowsSeveral: true)
    }
  }

  @Test func namesWhatDoesNotMatch() throws {
    let references = try folder.write(
      #"{"id": "a", "text": ""}"# + "\n" + #"{"id": "b", "text": ""}"#, to: "1.jsonl")
    let hypotheses = try folder.write(
      #"{"id": "a", "text": ""}"# + "\n" + #"{"id": "c", "text": ""}"#, to: "2.jsonl")
    let error = #expect(throws: TextFileError.self) {
      try ReportPair.pairs(references: references, hypotheses: hypotheses)
    }
    let text = error?.description ?? ""
    #expect(text.contains("the hypothesis is missing for the reference 'b'"))
    #expect(text.contains("no reference for the hypothesis 'c'"))
  }

  @Test func functionWordFiles() throws {
    let words = try FunctionWords(contentsOf: folder.write("the\n\nof\r\n.\n", to: "w.txt"))
    #expect(words.count == 3)
    for (text, part) in [("The\n", "capitals"), ("of the\n", "several words"), ("\n", "no words")] {
      let file = try folder.write(text, to: "wrong.txt")
      let error = #expect(throws: TextFileError.self) { try FunctionWords(contentsOf: file) }
      #expect(error?.description.contains(part) == true)
    }
    let binary = try folder.write(Data([0x61, 0x0A, 0xFF, 0xFE]), to: "b.txt")
    let error = #expect(throws: TextFileError.self) { try FunctionWords(contentsOf: binary) }
    #expect(error?.description.contains("line 2: is not UTF-8") == true)
  }
}
