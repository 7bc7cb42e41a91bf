import Foundation
import Testing

@Suite struct ReportScoreCommandTests {
  private func write(_ rows: [(String, String)]) throws -> String {
    let path = CommandFixture.fresh("rows.jsonl")
    let lines = try rows.map { id, text in
      String(
        decoding: try JSONSerialization.data(withJSONObject: ["id": id, "text": text]),
        as: UTF8.self)
    }
    _ = CommandFixture.folder
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func scoresFiles() throws {
    let references = try write([
      ("1", "late leakage"), ("2", "drusen stain ."), ("3", "no leakage"),
    ])
    let hypotheses = try write([("3", ""), ("1", "late leakage"), ("2", "the drusen stained .")])
    let samples = CommandFixture.fresh("samples.jsonl")
    let words = [
      "reports", "score", "--references", references, "--hypotheses", hypotheses, "--resamples",
      "50",
    ]
    let result = try CommandFixture.json(
      try KeepfitBinary.run(words + ["--json", "--per-sample", samples]), as: [String: Any].self)
    let metrics = try #require(result["metrics"] as? [String: Double])
    #expect(
      Set(metrics.keys) == [
        "BLEU_1", "BLEU_2", "BLEU_3", "BLEU_4", "METEOR", "ROUGE_L", "CIDER",
      ])
    #expect(result["samples"] as? Int == 3)
    let lines = try String(contentsOfFile: samples, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].contains("\"id\":\"1\""))
    let text = try KeepfitBinary.run(words)
    #expect(text.code == 0)
    for part in [
      "BLEU_4", "95 % interval", "built-in list", "distinct reports", "leakage", "shuffled",
    ] {
      #expect(text.output.contains(part), "\(part)")
    }
  }

  @Test func functionWordsChangeMETEOR() throws {
    let references = try write([("1", "the eye of the left"), ("2", "a b")])
    let hypotheses = try write([("1", "the left eye"), ("2", "b")])
    let list = CommandFixture.fresh("list.txt")
    try Data("left\n".utf8).write(to: URL(fileURLWithPath: list))
    func meteor(_ more: [String]) throws -> Double? {
      let result = try CommandFixture.json(
        try KeepfitBinary.run(
          ["reports", "score", "--references", references, "--hypotheses", hypotheses, "--json"]
            + more),
        as: [String: Any].self)
      return (result["metrics"] as? [String: Any])?["METEOR"] as? Double
    }
    let (own, others) = (try meteor([]), try meteor(["--meteor-function-words", list]))
    #expect(own != nil && others != nil && own != others)
  }

  @Test func refusesOnOneLine() throws {
    let one = try write([("1", "a")])
    let two = try write([("1", "a"), ("2", "b")])
    let cases: [[String]] = [
      ["--references", one], ["--references", two, "--hypotheses", one],
      ["--references", one, "--hypotheses", two],
      ["--references", one, "--hypotheses", "/nowhere"],
      ["--references", one, "--hypotheses", one, "--per-sample", one],
      ["--references", one, "--hypotheses", one, "--force"],
      ["--references", one, "--hypotheses", one, "--meteor-function-words", one],
      ["--references", one, "--hypotheses", one, "--lexicon", one],
      [
        "--references", one, "--hypotheses", one, "--resamples", "0", "--shuffles", "0", "--seed",
        "1",
      ],
    ]
    for words in cases {
      let result = try KeepfitBinary.run(["reports", "score"] + words)
      #expect(result.code == 2, "\(words): \(result.errors)")
      #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
      #expect(result.output.isEmpty)
    }
  }
}
