import Foundation
import KeepFIT
import Testing

/// `keepfit reports evaluate`
@Suite struct ReportEvaluationCommandTests {
  @Test func aSplitIsReportedOnScoredAndShown() throws {
    let out = CommandFixture.fresh("evaluated")
    defer { try? FileManager.default.removeItem(atPath: out) }
    func evaluate(_ more: String = "") throws -> KeepfitBinary.Result {
      try KeepfitBinary.run(
        ReportTrainingFixture.words(
          "reports evaluate --model ROOT/model --ffa-ir ROOT/annotation.json --ffa-ir-root ROOT --out \(out) "
            + "--max-length 8 \(more)"))
    }
    let result = try evaluate()
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output == out + "/report.html\n")
    let page = try String(contentsOfFile: out + "/report.html", encoding: .utf8)
    for text in [
      "nearest training study", "most frequent training report", "True: late leakage . disc",
      "no image-text model was given (--template-model)",
      "case-4 (first of 2 images)", "Findings missed: leakage",
    ] { #expect(page.contains(text), "\(text)") }
    let scores = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(filePath: out + "/scores.json"))) as? [String: Any])
    #expect((scores["baselines"] as? [String: Any])?.count == 2 && scores["metrics"] != nil)
    // What was scored can be scored again.
    let again = try KeepfitBinary.run(
      "reports", "score", "--references", out + "/references.jsonl", "--hypotheses",
      out + "/generated.jsonl", "--json")
    let same = try CommandFixture.json(again, as: [String: Any].self)
    #expect(
      NSDictionary(dictionary: same["metrics"] as? [String: Any] ?? [:])
        == NSDictionary(dictionary: scores["metrics"] as? [String: Any] ?? [:]))
    #expect((scores["absent_baselines"] as? [String: String])?.count == 1)
    let refused = try evaluate()
    #expect(refused.code == 2 && refused.errors.contains("--force"), "\(refused.errors)")
    let third = try evaluate("--split val --force --template-model \(CommandFixture.model)")
    #expect(third.code == 0, "\(third.errors)")
    #expect(third.errors.contains("template from zero-shot labels"))
    let more = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(filePath: out + "/scores.json"))) as? [String: Any])
    #expect((more["baselines"] as? [String: Any])?["template from zero-shot labels"] != nil)
    #expect((more["absent_baselines"] as? [String: Any])?.isEmpty == true)
    for (options, reason) in [
      ("--force --template-prompt [CLS]", "without --template-model"),
      ("--force --template-model ROOT/model", "is not a KeepFIT or FLAIR checkpoint"),
      ("--force --template-model ROOT/nowhere", "nowhere"),
    ] {
      let result = try evaluate(options)
      #expect(result.code == 2 && result.errors.contains(reason), "\(result.errors)")
    }
  }
}
