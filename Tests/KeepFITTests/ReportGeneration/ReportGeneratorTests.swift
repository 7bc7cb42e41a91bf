import Foundation
import KeepFIT
import TestSupport
import Testing

@Suite struct ReportGeneratorTests {
  static let words = ["<unk>", ".", "disc", "eye", "leakage", "left", "macula", "normal", "zone"]

  static func make(seed: UInt64 = 1) throws -> ReportGenerator {
    var configuration = ReportGeneratorConfiguration()
    configuration.vision.architecture = "resnet18"
    configuration.vision.width = 4
    configuration.decoder.width = 16
    configuration.decoder.feedForward = 24
    configuration.decoder.heads = 2
    configuration.decoder.layers = 1
    configuration.maximumLength = 12
    configuration.imageSize = 64
    return try ReportGenerator(
      configuration, vocabulary: ReportVocabulary(words: words),
      initialization: .random(RandomStream(seed: seed)))
  }

  private static func images(_ count: Int) -> Tensor {
    Initialization.random(RandomStream(seed: 5)).uniform([count, 64, 64, 3], bound: 2)
  }

  @Test func savesAndLoads() throws {
    let directory = try TemporaryDirectory()
    let folder = directory.url.appending(path: "model")
    let generator = try Self.make()
    try generator.save(to: folder, metadata: ["epoch": "3"], card: "# A model\n")
    let read = try ReportGenerator.load(folder)
    #expect(read.configuration == generator.configuration)
    #expect(read.vocabulary.words == Self.words)
    let decoding = ReportDecoding()
    let (own, other) = (
      try generator.generate(Self.images(2), decoding: decoding),
      try read.generate(Self.images(2), decoding: decoding)
    )
    #expect(own == other)
    let error = #expect(throws: CheckpointError.self) { try generator.save(to: folder) }
    #expect(error?.kind == .exists)
    try generator.save(to: folder, force: true)
  }

  @Test func theConfigurationHasThePublishedForm() throws {
    let configuration = ReportGeneratorConfiguration()
    let value = try #require(
      JSONSerialization.jsonObject(with: Data(configuration.json.utf8)) as? NSDictionary)
    let expected: NSDictionary = [
      "kind": "report", "vision": ["architecture": "resnet50"],
      "decoder": ["width": 512, "feed_forward": 512, "heads": 8, "layers": 3], "max_length": 90,
      "image_size": 224,
    ]
    #expect(value == expected)
    let read = try ReportGeneratorConfiguration(
      json: Array(configuration.json.utf8), source: "config.json")
    #expect(read == configuration)
  }

  @Test(arguments: [
    (#"{"vision": {}}"#, "'kind' is missing"), (#"{"kind": "clip"}"#, "'kind' is 'clip'"),
    (#"{"kind": "report", "widht": 3}"#, "'widht' is not known"),
    (#"{"kind": "report", "vision": {"architecture": "vgg"}}"#, "'vgg'"),
    (#"{"kind": "report", "decoder": {"heads": 3}}"#, "3 heads do not divide"),
    (#"{"kind": "report", "decoder": {"heads": "8"}}"#, "decoder.heads"),
    (#"{"kind": "report", "max_length": 1}"#, "max_length 1"), ("[]", "must be an object"),
  ])
  func wrongConfigurationsAreRefused(text: String, reason: String) {
    let error = #expect(throws: CheckpointError.self) {
      try ReportGeneratorConfiguration(json: Array(text.utf8), source: "config.json")
    }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }

  @Test func refusesTheVocabularyOfAnotherModel() throws {
    let directory = try TemporaryDirectory()
    let folder = directory.url.appending(path: "model")
    try Self.make().save(to: folder)
    let file = folder.appending(path: "vocabulary.txt")
    // Of the same length: the weights know which one they were trained with.
    let others = Self.words.map { $0 == "left" ? "right" : $0 }
    try Data((others.joined(separator: "\n") + "\n").utf8).write(to: file)
    let error = #expect(throws: CheckpointError.self) { try ReportGenerator.load(folder) }
    #expect(error?.description.contains("is not the vocabulary") == true)
    try FileManager.default.removeItem(at: file)
    let missing = #expect(throws: CheckpointError.self) { try ReportGenerator.load(folder) }
    #expect(missing?.description.contains("contains no vocabulary.txt") == true)
  }

  @Test func whatIsDrawnFollowsFromSeedAndImageAlone() throws {
    let generator = try Self.make(seed: 3)
    let images = Self.images(3)
    let decoding = ReportDecoding(.sample(.all))
    let all = try generator.generate(images, decoding: decoding, seed: 4)
    for index in 0..<3 {
      let alone = try generator.generate(
        images.sliced(index..<index + 1), decoding: decoding, seed: 4)
      #expect(alone == [all[index]])
    }
    #expect(try generator.generate(images, decoding: decoding, seed: 5) != all)
  }

  @Test func severalImagesAreOneStudy() throws {
    let generator = try Self.make(seed: 3)
    let images = Self.images(2)
    let image = images.sliced(0..<1)
    let once = try generator.generate(image, decoding: ReportDecoding())
    let twice = try generator.generate(
      .concatenated([image, image]), imagesPerStudy: [2], decoding: ReportDecoding())
    #expect(twice.map(\.best.tokens) == once.map(\.best.tokens))
    let both = try generator.generate(images, imagesPerStudy: [2], decoding: ReportDecoding())
    #expect(both.count == 1)
    #expect(both[0].best.logProbability != once[0].best.logProbability)
  }

  @Test func namesTheImageWhoseScoresAreNoNumbers() throws {
    let generator = try Self.make()
    let images = Self.images(2)
    let broken = Tensor.concatenated([
      images.sliced(0..<1), Tensor(repeating: .infinity, shape: [1, 64, 64, 3]),
    ])
    let error = #expect(throws: ReportGenerationError.self) {
      try generator.generate(broken, decoding: ReportDecoding(), names: ["a.png", "b.png"])
    }
    #expect(error == .notFinite(image: "b.png", word: 1))
  }

  @Test func drawsWhereItLooked() throws {
    let directory = try TemporaryDirectory()
    let file = directory.url.appending(path: "image.png")
    let pixels = (0..<80 * 60 * 3).map { UInt8($0 * 7 % 256) }
    try FundusImage(width: 80, height: 60, pixels: pixels).writePNG(to: file)
    let generator = try Self.make(seed: 2)
    let report = GeneratedReport.Beam(
      tokens: [2, 3, 0], text: "", logProbability: 0)
    let study = try generator.attention(contentsOf: file, report: report)
    let figure = AttentionFigure.draw([study, study])
    #expect(figure.width > 800 && figure.height > 240)
    #expect(Set(figure.pixels).count > 20)
    let empty = try generator.attention(
      contentsOf: file, report: GeneratedReport.Beam(tokens: [0], text: "", logProbability: 0))
    #expect(AttentionFigure.draw([empty]).height < 100)
  }
}
