import Foundation
import KeepFIT
import MMRetinalData
import TestSupport
import Testing

@Suite struct FindingLexiconTests {
  private func stated(_ text: String) -> Set<String> {
    FindingLexicon.builtin.findings(in: text).affirmed
  }

  private func denied(_ text: String) -> Set<String> {
    FindingLexicon.builtin.findings(in: text).negated
  }

  @Test func statements() {
    #expect(stated("Late leakage at the macula.") == ["leakage"])
    #expect(stated("Drusen stained late") == ["drusen", "staining"])
    #expect(
      stated("A 1.5 DD area of capillary non-perfusion, microaneurysms; window defects.")
        == ["non-perfusion", "microaneurysms", "window defect"])
    // The longest term wins, and a kind of something is also that.
    #expect(stated("choroidal neovascularization") == ["choroidal neovascularization"])
    #expect(
      stated("staining of the vessel walls") == ["vessel wall staining", "staining"])
    #expect(stated("blood vessels run regularly").isEmpty)
    #expect(stated("").isEmpty)
  }

  @Test func denials() {
    let list = "No obvious abnormal leakage, staining, pooling or window defect in both eyes."
    #expect(denied(list) == ["leakage", "staining", "pooling", "window defect"])
    #expect(stated(list).isEmpty)
    #expect(denied("leakage was not seen") == ["leakage"])
    #expect(denied("Leakage and staining were not seen; pooling was.") == ["leakage", "staining"])
    #expect(denied("drusen without leakage") == ["leakage"])
    #expect(denied("neither leakage nor staining") == ["leakage", "staining"])
  }

  @Test func denialsEnd() {
    #expect(stated("no leakage, but staining") == ["staining"])
    #expect(
      stated("No leakage in the early phase and diffuse staining later.") == ["staining"])
    #expect(stated("without leakage, drusen were seen") == ["drusen"])
    #expect(stated("No leakage . staining of the disc .") == ["staining"])
    #expect(stated("leakage was not seen, staining was seen") == ["staining"])
    #expect(stated("not only leakage but staining") == ["leakage", "staining"])
    #expect(stated("no change of the window defects") == ["window defect"])
    // Stated once and denied once counts as stated.
    let both = FindingLexicon.builtin.findings(in: "leakage at the disc. no leakage elsewhere")
    #expect(both.affirmed == ["leakage"] && both.negated.isEmpty)
  }

  @Test func scoresByFinding() throws {
    let pairs = [
      ("leakage", "late leakage and drusen"), ("no leakage", "leakage"),
      ("staining", "no staining"),
      ("drusen", "drusen"),
    ].enumerated().map { ReportPair(id: String($0), hypothesis: $1.0, references: [$1.1]) }
    let scores = FindingScores(pairs, lexicon: .builtin)
    let counts = Dictionary(uniqueKeysWithValues: scores.findings.map { ($0.name, $0.counts) })
    #expect(counts["leakage"]?.recall == 0.5)
    #expect(counts["leakage"]?.precision == 1)
    #expect(counts["staining"]?.recall == nil)
    #expect(counts["staining"]?.precision == 0)
    #expect(counts["staining"]?.f1 == 0)
    #expect(counts["pooling"] == nil)
    #expect(scores.samples[0].missed == ["drusen"])
    #expect(scores.samples[2].invented == ["staining"])
    #expect(scores.total.right == 2 && scores.total.missed == 2 && scores.total.invented == 1)
    // Leakage 2/3, staining 0, drusen 2/3.
    let macro = try #require(scores.macroF1)
    #expect(abs(macro - 4.0 / 9) < 1e-12)
    #expect(FindingScores([], lexicon: .builtin).total.f1 == nil)
  }

  @Test func userLexicon() throws {
    let folder = try TemporaryDirectory()
    let own = try FindingLexicon(
      contentsOf: folder.write(
        #"{"format":1,"findings":[{"name":"hot spot","terms":["hot-spot*"]}]}"#, to: "own.json"))
    #expect(own.findings(in: "Two Hot Spots, no leakage").affirmed == ["hot spot"])
    // The built-in denials hold.
    #expect(own.findings(in: "without hot spots").negated == ["hot spot"])
    let wrong = [
      ("[]", "object"), ("{", "byte"), (#"{"format":2,"findings":[]}"#, "format"),
      (#"{"format":1,"findings":[]}"#, "findings"),
      (#"{"format":1,"findings":[{"name":"a","terms":[]}]}"#, "terms"),
      (#"{"format":1,"findings":[{"name":"a","terms":["*"]}]}"#, "findings[0].terms[0]"),
      (#"{"format":1,"findings":[{"name":"a","terms":["b"],"implies":["c"]}]}"#, "'c'"),
      (
        #"{"format":1,"findings":[{"name":"a","terms":["b"]},{"name":"a","terms":["c"]}]}"#, "twice"
      ),
      (#"{"format":1,"findings":[{"name":"a","terms":["b"]}],"negations":{}}"#, "negations"),
    ]
    for (text, part) in wrong {
      let file = try folder.write(text, to: "wrong.json")
      let error = #expect(throws: TextFileError.self) { try FindingLexicon(contentsOf: file) }
      #expect(error?.description.contains(part) == true, "\(text): \(error?.description ?? "")")
    }
  }
}
