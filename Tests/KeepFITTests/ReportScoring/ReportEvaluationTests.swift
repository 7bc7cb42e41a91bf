import Foundation
import FundusTensor
import KeepFIT
import Testing

@Suite struct ReportEvaluationTests {
  private func pairs(_ texts: [(String, String)]) -> [ReportPair] {
    texts.enumerated().map {
      ReportPair(id: String($0), hypothesis: $1.0, references: [$1.1])
    }
  }

  private let varied = (0..<30).map { index in
    let words = ["leakage", "staining", "pooling", "drusen", "atrophy"]
    let text = "\(words[index % 5]) is seen in the \(index) quadrant of \(words[index / 6])"
    return (index % 3 == 0 ? "late \(words[(index + 1) % 5])" : text, text)
  }

  @Test func collapseIsSeen() {
    let same = CollapseStatistics(["a b c d e", "a b c d e", "x", ""])
    #expect(same.reports == 4)
    #expect(same.distinctReports == 3)
    #expect(same.commonest == "a b c d e")
    #expect(same.commonestShare == 0.5)
    #expect(same.fourGrams == 4)
    #expect(same.distinctFourGrams == 2)
    #expect(same.emptyReports == 1)
    #expect(same.meanLength == 2.75)
  }

  @Test func shufflingTakesTheGainOfSeeing() throws {
    let pairs = pairs(varied.map { ($0.1, $0.1) })
    let control = try #require(
      ShuffledControl(pairs, scorer: CaptionScorer(), shuffles: 3, seed: 4))
    #expect(CaptionScorer().score(pairs).corpus[.rougeL] == 1)
    #expect(try #require(control.mean[.rougeL]) < 0.95)
    #expect(control.unchangedShare == 0)
    #expect(control.deviation.count == CaptionMetric.allCases.count)
    // Whoever writes the same report everywhere loses nothing.
    let blind = self.pairs(varied.map { ("leakage is seen", $0.1) })
    let blindControl = try #require(
      ShuffledControl(blind, scorer: CaptionScorer(), shuffles: 1, seed: 4))
    let (seen, shuffled) = (CaptionScorer().score(blind).corpus[.bleu1], blindControl.mean[.bleu1])
    #expect(abs(try #require(seen) - (try #require(shuffled))) < 1e-12)
    #expect(blindControl.deviation.isEmpty)
    #expect(ShuffledControl([pairs[0]], scorer: CaptionScorer(), shuffles: 1, seed: 4) == nil)
  }

  @Test func intervalsHoldTheScoreAndFollowTheSeed() throws {
    let scored = CaptionScorer().score(pairs(varied))
    let intervals = scored.intervals(resamples: 200, seed: 1)
    for metric in CaptionMetric.allCases {
      let score = try #require(scored.corpus[metric])
      let interval = try #require(intervals[metric])
      #expect(interval.lower <= score && score <= interval.upper, "\(metric)")
      #expect(interval.lower < interval.upper)
    }
    #expect(scored.intervals(resamples: 200, seed: 1) == intervals)
    #expect(scored.intervals(resamples: 200, seed: 2) != intervals)
  }

  @Test func jsonHasNullForWhatIsUndefined() throws {
    let json = ReportEvaluation(pairs([("late leakage", "no leakage")])).json
    #expect(json["metrics"]?["CIDER"] == .null)
    #expect(json["undefined"]?["CIDER"]?.text != nil)
    #expect(json["metrics"]?["BLEU_1"]?.double != nil)
    #expect(json["shuffled_control"] == nil)
    let leakage = json["findings"]?["by_finding"]?["leakage"]
    #expect(leakage?["recall"] == .null)
    #expect(leakage?["precision"]?.double == 0)
    #expect(json["meteor_function_words"]?["source"]?.text == "builtin")
  }

  @Test func baselines() throws {
    #expect(ReportBaselines.commonest(["b", "a", "a", "b", "c"]) == "b")
    let training = Tensor([1, 0, 0, 3, -1, 0.5], shape: [3, 2])
    let queries = Tensor([0.1, 5, -4, 0], shape: [2, 2])
    let reports = try ReportBaselines.nearest(
      to: queries, among: training, texts: ["right", "up", "left"])
    #expect(reports == ["up", "left"])
    #expect(throws: TransferError.self) {
      try ReportBaselines.nearest(to: queries, among: training, texts: ["one"])
    }
  }
}
