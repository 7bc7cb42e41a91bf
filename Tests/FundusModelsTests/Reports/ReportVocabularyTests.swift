import Foundation
import FundusModels
import TestSupport
import Testing

@Suite struct ReportVocabularyTests {
  /// What the published tokenizer makes of these texts.
  @Test(arguments: [
    ("", "."), ("no dot", "no dot ."), ("a.b.c", "abc ."), ("a. . b", "a . . b ."),
    ("A... b", "a . b ."),
    (
      "1. First.. 2. Second. 3. third 4. fourth. ", "first . second . third . fourth ."
    ),
    ("11. eleven. 10. ten", "1eleven . 10 . ten ."), ("line1.\nline2. ", "lineline2 ."),
    ("10:30 o'clock; late-phase.Leak", "1030 oclock late-phaseleak ."),
    ("6. six. 7. seven", "6 . six . 7 . seven ."),
    ("[b] <c> = d@e; #5% e-f_g.", "b c de #5 e-fg ."),
  ]) func textsBecomeThePublishedWords(text: String, expected: String) {
    #expect(ReportTokenizer.words(in: text).joined(separator: " ") == expected)
  }

  /// White space, stripping and case are Python's: scalars, not grapheme clusters.
  @Test(arguments: [
    ("a\r\nb", ["a", "b", "."]),
    ("a\u{A0}b\u{2028}c\u{1C}d\u{3000}e", ["a", "b", "c", "d", "e", "."]),
    ("a\u{200B}b\u{FEFF}c", ["a\u{200B}b\u{FEFF}c", "."]), ("ΟΔΟΣ ΣΑΣ.", ["οδος", "σας", "."]),
    ("İstanbul", ["i\u{307}stanbul", "."]), ("E\u{301}tat", ["e\u{301}tat", "."]),
    ("5 μm, 30°", ["5", "μm", "30°", "."]), ("全角。", ["全角。", "."]), ("x \r", ["x", "."]),
  ]) func unicodeFollowsPython(text: String, expected: [String]) {
    #expect(
      ReportTokenizer.words(in: text).map { Array($0.unicodeScalars) }
        == expected.map { Array($0.unicodeScalars) })
  }

  @Test func wordsAreCountedSortedAndNumbered() throws {
    let reports = Array(repeating: "Zone B. zone é e\u{301} ~x", count: 3) + ["rare zone", "rare"]
    let vocabulary = ReportVocabulary(counting: reports)
    // `<unk>` stands where sorting puts it; composed and decomposed letters are two words.
    let expected = [".", "<unk>", "b", "e\u{301}", "zone", "~x", "é"]
    #expect(vocabulary.words.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    #expect(vocabulary.unknownID == 2 && vocabulary.idCount == 8)
    #expect(vocabulary.encode("Rare zone.") == [0, 2, 5, 1, 0])
    #expect(vocabulary.encode("Rare zone.", maximumLength: 3) == [0, 2, 5])
    #expect(vocabulary.encode("é e\u{301}") == [0, 7, 4, 1, 0])
    #expect(vocabulary.text(of: [2, 5, 1, 0, 3]) == "<unk> zone .")
    #expect(vocabulary.text(of: [] as [Int32]) == "" && vocabulary.text(of: [-1, 3]) == "")
  }

  @Test func longReportsLoseTheirEnd() {
    let vocabulary = ReportVocabulary(counting: Array(repeating: "leak", count: 3))
    let ids = vocabulary.encode(Array(repeating: "leak", count: 100).joined(separator: " "))
    #expect(ids.count == 90 && ids[0] == 0 && ids.dropFirst().allSatisfy { $0 == 3 })
    let fits = vocabulary.encode(Array(repeating: "leak", count: 87).joined(separator: " "))
    #expect(fits.count == 90 && fits.suffix(2) == [1, 0])
  }

  @Test func filesGiveTheVocabularyBack() throws {
    let folder = try TemporaryDirectory()
    let vocabulary = ReportVocabulary(
      counting: Array(repeating: "late é e\u{301} \u{2603} leakage", count: 4))
    let file = folder.url.appending(path: "vocabulary.txt")
    try vocabulary.write(to: file, force: false)
    #expect(throws: (any Error).self) { try vocabulary.write(to: file, force: false) }
    let read = try ReportVocabulary(contentsOf: file)
    #expect(read.fileText.utf8.elementsEqual(vocabulary.fileText.utf8))
    #expect(try Data(contentsOf: file).split(separator: 0x0A).count == vocabulary.count)
  }

  @Test(arguments: [
    ("a\nb\n", "<unk>"), ("a\n<unk>\na\n", "a"), ("a\n\n<unk>\n", "empty line"), ("", "empty file"),
  ]) func filesThatAreNoVocabularyAreRefused(text: String, message: String) throws {
    let folder = try TemporaryDirectory()
    let file = try folder.write(text, to: "vocabulary.txt")
    #expect {
      try ReportVocabulary(contentsOf: file)
    } throws: { error in
      "\(error)".contains(message) && "\(error)".contains("vocabulary")
    }
  }
}
