import Foundation
import KeepFIT
import Testing

/// `keepfit reports generate` and `keepfit bench reports`
@Suite struct ReportGenerationCommandTests {
  /// A small model with random weights, made once.
  private static let model: String = {
    let path = CommandFixture.fresh("report-model")
    do {
      var configuration = ReportGeneratorConfiguration()
      configuration.vision.architecture = "resnet18"
      configuration.vision.width = 4
      configuration.decoder.width = 16
      configuration.decoder.feedForward = 24
      configuration.decoder.heads = 2
      configuration.decoder.layers = 1
      configuration.maximumLength = 12
      configuration.imageSize = 64
      try ReportGenerator(
        configuration,
        vocabulary: ReportVocabulary(words: ["<unk>", ".", "disc", "leakage", "normal"]),
        initialization: .random(RandomStream(seed: 1))
      ).save(to: URL(filePath: path))
    } catch {
      fatalError("the model cannot be made: \(error)")
    }
    return path
  }()

  private func generate(_ words: String...) throws -> KeepfitBinary.Result {
    try KeepfitBinary.run(["reports", "generate", "--model", Self.model] + words)
  }

  private let images = (0..<3).map { CommandFixture.image($0) }

  @Test func printsTheReportsOfTheContract() throws {
    let result = try KeepfitBinary.run(
      ["reports", "generate", "--model", Self.model, "--json", "--max-length", "8"] + images)
    let list = try CommandFixture.json(result, as: [[String: Any]].self)
    #expect(list.map { $0["image"] as? String } == images)
    for item in list {
      #expect(Set(item.keys) == ["image", "text", "tokens", "log_probability", "beams"])
      let beams = try #require(item["beams"] as? [[String: Any]])
      #expect(beams.count == 3)
      #expect(beams[0]["tokens"] as? [Int] == item["tokens"] as? [Int])
      #expect(beams[0]["text"] as? String == item["text"] as? String)
      let scores = beams.compactMap { $0["log_probability"] as? Double }
      #expect(scores == scores.sorted(by: >) && scores.allSatisfy { $0 < 0 })
      #expect(scores[0] == item["log_probability"] as? Double)
      for beam in beams {
        #expect(Set(beam.keys) == ["text", "tokens", "log_probability"])
        let tokens = try #require(beam["tokens"] as? [Int])
        #expect((1...8).contains(tokens.count))
        #expect(tokens.count == 8 || tokens.last == 0)
        let words = tokens.prefix { $0 > 0 }.map {
          ["<unk>", ".", "disc", "leakage", "normal"][$0 - 1]
        }
        #expect(beam["text"] as? String == words.joined(separator: " "))
      }
    }
    // The same alone, and in other batches.
    for (index, image) in images.enumerated() {
      let alone = try CommandFixture.json(
        generate("--json", "--max-length", "8", image), as: [[String: Any]].self)
      #expect(NSDictionary(dictionary: alone[0]) == NSDictionary(dictionary: list[index]))
    }
  }

  @Test func otherMethodsHaveOneBeam() throws {
    let greedy = try CommandFixture.json(
      generate("--json", "--method", "greedy", images[0]), as: [[String: Any]].self)
    #expect((greedy[0]["beams"] as? [Any])?.count == 1)
    let single = try CommandFixture.json(
      generate("--json", "--beam-size", "1", images[0]), as: [[String: Any]].self)
    #expect(greedy[0]["tokens"] as? [Int] == single[0]["tokens"] as? [Int])
    for words in [["--top-k", "2"], ["--top-p", "0.7"], ["--gumbel"], ["--temperature", "0.5"]] {
      let arguments =
        [
          "reports", "generate", "--model", Self.model, "--json", "--method", "sample", "--seed",
          "3",
        ]
        + words + [images[0]]
      let first = try KeepfitBinary.run(arguments)
      let list = try CommandFixture.json(first, as: [[String: Any]].self)
      #expect((list[0]["beams"] as? [Any])?.count == 1)
      #expect(try KeepfitBinary.run(arguments).output == first.output)
    }
    let diverse = try CommandFixture.json(
      generate("--json", "--beam-size", "4", "--groups", "2", images[0]), as: [[String: Any]].self)
    #expect((diverse[0]["beams"] as? [Any])?.count == 4)
  }

  @Test func printsTextAndAttention() throws {
    let figure = CommandFixture.fresh("attention.png")
    let result = try generate("--attention", figure, images[0], images[1])
    #expect(result.code == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 5 && lines[0] == images[0] && lines[2] == images[1])
    let drawn = try FundusImage(contentsOf: URL(filePath: figure))
    #expect(drawn.width > 400)
    let again = try generate("--attention", figure, images[0])
    #expect(again.code == 2 && again.errors.contains("--force"))
    #expect(try generate("--attention", figure, "--force", images[0]).code == 0)
  }

  @Test(arguments: [
    (["--beam-size", "3", "--method", "greedy"], "--beam-size has no effect"),
    (["--top-k", "3"], "--top-k has no effect"), (["--diversity", "1"], "without --groups"),
    (["--method", "sample", "--top-k", "3", "--gumbel"], "mutually exclusive"),
    (["--groups", "2"], "must divide"), (["--length-penalty", "wu"], "must be none, avg"),
    (["--beam-size", "7"], "the beam size must be from 1 to"),
    (["--attention", "a.jpg"], "must end in .png"),
    (["--method", "greedy", "--temperature", "2"], "--temperature has no effect"),
    (["--method", "sample", "--top-p", "1"], "must be between 0 and 1"),
    (["--force"], "--force has no effect"),
  ])
  func refusesWhatHasNoEffect(words: [String], reason: String) throws {
    let result = try KeepfitBinary.run(
      ["reports", "generate", "--model", Self.model] + words + [images[0]])
    #expect(result.code == 2)
    #expect(result.errors.contains(reason), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1)
  }

  @Test func namesWrongInput() throws {
    let missing = try generate("nowhere.png")
    #expect(
      missing.code == 2 && missing.errors.contains("nowhere.png")
        && missing.errors.contains("no such file"))
    let text = CommandFixture.fresh("text.png")
    try Data("no image".utf8).write(to: URL(filePath: text))
    let broken = try generate(text)
    #expect(broken.code == 2 && broken.errors.contains("expected a JPEG"))
    let other = try KeepfitBinary.run(
      ["reports", "generate", "--model", CommandFixture.model, images[0]])
    #expect(other.code == 2 && other.errors.contains("'kind' is missing"), "\(other.errors)")
  }

  @Test func badImagesCanBeSkipped() throws {
    let bad = CommandFixture.fresh("bad.png")
    try Data("no image".utf8).write(to: URL(fileURLWithPath: bad))
    let words = ["reports", "generate", "--model", Self.model, "--max-length", "4", bad, images[0]]
    #expect(try KeepfitBinary.run(words).code == 2)
    let result = try KeepfitBinary.run(words + ["--on-bad-image", "skip"])
    #expect(result.code == 1 && result.errors.contains("skipped: \(bad)"), "\(result.errors)")
    #expect(result.output.hasPrefix(images[0]))
  }

  @Test func measuresItself() throws {
    let result = try KeepfitBinary.run(
      "bench", "reports", "--model", Self.model, "--batch-size", "2", "--beam-size", "2",
      "--max-length", "5", "--repeats", "2", "--json")
    let value = try CommandFixture.json(result, as: [String: Any].self)
    #expect((value["milliseconds_per_batch"] as? Double ?? 0) > 0)
    #expect((1...5).contains(value["steps"] as? Int ?? 0))
    let training = try KeepfitBinary.run(
      "bench", "reports", "--model", Self.model, "--batch-size", "2", "--train", "4", "--repeats",
      "2", "--json")
    let step = try CommandFixture.json(training, as: [String: Any].self)
    #expect((step["milliseconds_per_step"] as? Double ?? 0) > 0)
  }
}
