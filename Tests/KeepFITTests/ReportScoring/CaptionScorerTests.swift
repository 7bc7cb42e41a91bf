import Foundation
import KeepFIT
import TestSupport
import Testing

@Suite struct CaptionScorerTests {
  private struct Golden: Decodable {
    struct Sample: Decodable {
      let hypothesis: String
      let references: [String]
      let bleu1, bleu2, bleu3, bleu4, meteor, rougeL, cider: Double

      enum CodingKeys: String, CodingKey {
        case hypothesis, references
        case bleu1 = "BLEU_1"
        case bleu2 = "BLEU_2"
        case bleu3 = "BLEU_3"
        case bleu4 = "BLEU_4"
        case meteor = "METEOR"
        case rougeL = "ROUGE_L"
        case cider = "CIDER"
      }

      subscript(_ metric: CaptionMetric) -> Double {
        switch metric {
        case .bleu1: bleu1
        case .bleu2: bleu2
        case .bleu3: bleu3
        case .bleu4: bleu4
        case .meteor: meteor
        case .rougeL: rougeL
        case .cider: cider
        }
      }
    }
    struct Text: Decodable {
      let text: String
      let words: String
    }
    let corpus: [String: Double]
    let samples: [Sample]
    let normalization: [Text]
    let stems: [[String]]
    let functionWords: [String]

    enum CodingKeys: String, CodingKey {
      case corpus, samples, normalization, stems
      case functionWords = "function_words"
    }
  }

  private let golden = try! Goldens.json(Golden.self, "report-scores.json")

  private var pairs: [ReportPair] {
    golden.samples.enumerated().map {
      ReportPair(id: String($0), hypothesis: $1.hypothesis, references: $1.references)
    }
  }

  /// Double precision, summed in another order.
  private let tolerance = 1e-12

  @Test func scoresAreThoseOfTheEvaluationCode() throws {
    let scored = CaptionScorer().score(pairs)
    for metric in CaptionMetric.allCases {
      let expected = try #require(golden.corpus[metric.rawValue])
      let corpus = try #require(scored.corpus[metric])
      #expect(abs(corpus - expected) <= tolerance, "\(metric): \(corpus), not \(expected)")
      for (index, sample) in golden.samples.enumerated() {
        let value = try #require(scored.sample(index)[metric])
        #expect(
          abs(value - sample[metric]) <= tolerance,
          "\(metric) of \(index): \(value), not \(sample[metric])")
      }
    }
  }

  @Test func threadsDoNotMatter() throws {
    let one = try withThreads(1) { CaptionScorer().score(pairs).corpus }
    let two = try withThreads(2) { CaptionScorer().score(pairs).corpus }
    #expect(one == two)
  }

  @Test func builtInFunctionWordsAreThoseOfTheGoldens() {
    #expect(FunctionWords.builtin.count == Set(golden.functionWords).count)
  }

  @Test func normalizesAsTheProgram() {
    for case let item in golden.normalization {
      #expect(
        METEORNormalizer.words(item.text).joined(separator: " ") == item.words, "\(item.text)")
    }
  }

  @Test func stemsAsSnowballOf2014() {
    #expect(golden.stems.count > 100)
    for pair in golden.stems { #expect(EnglishStemmer.stem(pair[0]) == pair[1], "\(pair[0])") }
  }

  /// The joint vector of the evaluation of angiography reports: four samples, one of them perfect and one
  /// empty.
  @Test func knownVector() throws {
    let texts = [
      ("the left optic disc was round . the retinal vessels were normal .", nil),
      (
        "in the early phase of the right eye there was a window defect <unk> the macula .",
        "early phase right eye showed window defects <unk> macular area ."
      ),
      (
        "late leakage was seen along the lower arcade of the left eye . no lesion in the right eye .",
        "leakage was seen late along the arcade . no lesion in the left eye ."
      ),
      ("microaneurysms and capillary nonperfusion were scattered at the posterior pole .", ""),
    ]
    let scored = CaptionScorer().score(
      texts.enumerated().map {
        ReportPair(id: String($0), hypothesis: $1.1 ?? $1.0, references: [$1.0])
      })
    let expected: [(CaptionMetric, Double)] = [
      (.bleu1, 0.51052476), (.bleu2, 0.44001700), (.bleu3, 0.38426346), (.bleu4, 0.34389882),
      (.rougeL, 0.55139972), (.cider, 3.69476658),
    ]
    for (metric, value) in expected {
      let score = try #require(scored.corpus[metric])
      #expect(abs(score - value) <= 5e-9, "\(metric): \(score)")
    }
    for (index, value) in [10, 0.9511302, 3.82793613, 0].enumerated() {
      #expect(abs(try #require(scored.sample(index)[.cider]) - value) <= 5e-8)
    }
    #expect(scored.sample(0)[.meteor] == 1)
    #expect(scored.sample(3)[.meteor] == 0)
  }

  @Test func oneSampleHasNoCIDEr() {
    let scored = CaptionScorer().score([
      ReportPair(id: "a", hypothesis: "late leakage", references: ["late leakage"])
    ])
    #expect(scored.corpus[.cider] == nil)
    #expect(scored.sample(0)[.cider] == nil)
    #expect(scored.corpus[.bleu1].map { abs($0 - 1) < 1e-8 } == true)
    #expect(ReportEvaluation(scored.pairs).undefined.map(\.name) == ["CIDER"])
  }

  @Test func comparesScalarsAndNotCanonicalEquivalence() {
    let scored = CaptionScorer().score([
      ReportPair(id: "a", hypothesis: "d\u{E9}fect", references: ["de\u{301}fect"]),
      ReportPair(id: "b", hypothesis: "x", references: ["y"]),
    ])
    #expect((scored.corpus[.bleu1] ?? 1) < 1e-6)
    #expect(scored.corpus[.rougeL] == 0)
  }

  @Test func longRepetitiveTextsEnd() {
    let text = Array(repeating: "leak leaks the", count: 300).joined(separator: " ")
    let scored = CaptionScorer().score([
      ReportPair(id: "a", hypothesis: text, references: [text]),
      ReportPair(id: "b", hypothesis: "", references: [""]),
    ])
    #expect(scored.sample(0)[.meteor].map { abs($0 - 1) < 1e-12 } == true)
    #expect(scored.sample(1)[.meteor] == 0)
  }
}
