import Foundation
import KeepFIT
import TestSupport
import Testing

/// Every setting of the inputs must reach what the run loads and measures.
@Suite(.timeLimit(.minutes(2))) struct PretrainingInputsTests {
  private let folder: TemporaryDirectory
  private let configuration: PretrainingConfiguration

  /// Gray images, each with a level of its own: two datasets of six and two rows with labels, and pairs.
  init() throws {
    folder = try TemporaryDirectory()
    for (index, name) in ["a/0", "a/1", "a/2", "a/3", "a/4", "a/5", "06_DEN/0", "06_DEN/1"]
      .enumerated()
    {
      try Self.image(level: UInt8(20 * index + 40), at: folder.url.appending(path: name + ".png"))
    }
    try folder.write(
      """
      image,atributes,categories
      a/0.png,[],['normal']
      a/1.png,[],['drusens']
      a/2.png,[],['Drusens.']
      a/3.png,[],['cataract']
      a/4.png,[],['normal']
      a/5.png,[],['hard drusens']
      06_DEN/0.png,['noisy'],['drusens']
      06_DEN/1.png,[],['drusens']

      """, to: "labeled.csv")
    try folder.write(
      """
      image,caption,caption_zh
      a/0.png,a healthy eye,健康
      a/1.png,drusen near the macula,玻璃膜疣
      a/2.png,soft drusen,软性
      a/3.png,a clouded lens,白内障

      """, to: "pairs.csv")
    var configuration = PretrainingConfiguration()
    configuration.objective = .flair
    (configuration.batchSize, configuration.imageSize) = (1, 32)
    self.configuration = configuration
  }

  private static func image(level: UInt8, at url: URL) throws {
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FundusImage(
      width: 32, height: 32, pixels: [UInt8](repeating: level, count: 32 * 32 * 3)
    ).writePNG(to: url)
  }

  private func source(_ name: String) -> PretrainingInputs.Source {
    .init(manifest: folder.url.appending(path: name).path, root: folder.url.path)
  }

  /// Labeled rows as they stand, in their order, unless changed.
  private func inputs(_ change: (inout PretrainingInputs) -> Void = { _ in }) -> PretrainingInputs {
    var inputs = PretrainingInputs()
    inputs.labeled = [source("labeled.csv")]
    (inputs.isShuffled, inputs.isAugmented, inputs.knowledge) = (false, false, "none")
    inputs.bannedCategories = []
    change(&inputs)
    return inputs
  }

  private func batches(
    _ inputs: PretrainingInputs, count: Int? = nil,
    _ change: (inout PretrainingConfiguration) -> Void = { _ in }
  ) throws -> [PretrainingBatch] {
    var configuration = configuration
    change(&configuration)
    let source = try inputs.makeSource(configuration)
    defer { source.stop() }
    return try (0..<(count ?? source.batchesPerEpoch)).map { _ in try source.next() }
  }

  private func texts(
    _ change: (inout PretrainingInputs) -> Void = { _ in }, count: Int? = nil
  ) throws -> [String] {
    try batches(inputs(change), count: count).flatMap(\.labeled.texts)
  }

  private func levels(_ batches: [PretrainingBatch]) -> [Int] {
    batches.map { Int(($0.labeled.images[0, 0, 0, 0] * 255).rounded()) }
  }

  @Test func rowsComeInTheirOrderOrInThatOfTheSeed() throws {
    let inOrder = try batches(inputs())
    #expect(levels(inOrder) == [40, 60, 80, 100, 120, 140, 160, 180])
    #expect(
      inOrder.map { $0.labeled.categories?.first } == [
        "normal", "drusens", "Drusens.", "cataract", "normal", "hard drusens", "drusens", "drusens",
      ])
    let shuffled = inputs { $0.isShuffled = true }
    let orders = try [42, 42, 43].map { seed in
      levels(try batches(shuffled) { $0.seed = seed })
    }
    #expect(orders[0] == orders[1] && orders[0] != orders[2] && orders[0] != levels(inOrder))
    #expect(orders.allSatisfy { $0.sorted() == levels(inOrder) })
  }

  @Test func rowsAreLeftOutByCategoryAndFraction() throws {
    #expect(try texts { $0.bannedCategories = ["cataract", "drusens"] }.count == 4)
    #expect(
      try texts {
        $0.bannedCategories = ["cataract", "drusens"]
        $0.bansSubstrings = true
      }.count == 3)
    #expect(PretrainingInputs().bannedCategories.contains("cataract"))
    let half = try batches(inputs { $0.fraction = 0.5 })
    #expect(half.count == 4)
    for fraction in [0, -1, 1.5] {
      #expect(throws: PretrainingError.self) { try texts { $0.fraction = fraction } }
    }
  }

  @Test func labelsAndSentencesAreWhatWasAskedFor() throws {
    let plain = try texts()
    #expect(plain[2].hasSuffix("fundus photograph of Drusens."))
    #expect(plain[6].contains("noisy fundus photograph of drusens"))
    #expect(try texts { $0.normalizesLabels = true }[2].hasSuffix("fundus photograph of drusens"))
    #expect(try texts { $0.caption = "Here: [CLS]" }[0] == "Here: normal")
    let angiograms = try texts { $0.labeled[0].modality = .angiography }
    #expect(angiograms[0].hasSuffix("fundus fluorescein angiography of normal"))
  }

  @Test func descriptionsComeFromTheTableAndSpareWhatIsExcluded() throws {
    try folder.write(#"{"drusens": ["yellow deposits"]}"#, to: "table.json")
    func described(_ change: (inout PretrainingInputs) -> Void) throws -> Set<String> {
      // Enough epochs for both names of each row to be drawn.
      Set(
        try texts(
          {
            $0.knowledge = folder.url.appending(path: "table.json").path
            change(&$0)
          }, count: 8 * 12
        ).filter { $0.contains("noisy") })
    }
    #expect(try described { _ in }.count == 2)
    #expect(try described { $0.usesIntendedExclusions = true }.count == 1)
    #expect(try described { $0.knowledge = "none" }.count == 1)
    let builtin = try described { $0.knowledge = "builtin" }
    #expect(builtin.contains { $0.hasSuffix("yellowish round deposits beneath the macula") })
    #expect(throws: (any Error).self) { try described { $0.knowledge = "/nowhere.json" } }
  }

  @Test func datasetsAreBalanced() throws {
    let rows = try batches(
      inputs {
        $0.isShuffled = true
        $0.isBalanced = true
      }, count: 80)
    // Two rows of eight are of the second dataset.
    #expect(levels(rows).count { $0 >= 160 } == 40)
  }

  @Test func imagesAreAugmentedCachedAndOfTheRunsSize() throws {
    let plain = try batches(inputs(), count: 1)[0].labeled.images
    #expect(plain.shape == [1, 32, 32, 3] && Set(plain.scalars).count == 1)
    let augmented = try batches(inputs { $0.isAugmented = true }, count: 8)
    #expect(
      augmented.contains {
        Set($0.labeled.images.scalars).count > 1 || $0.labeled.images.scalars[0] != Float(40) / 255
      })
    let larger = try batches(inputs(), count: 1) { $0.imageSize = 64 }
    #expect(larger[0].labeled.images.shape == [1, 64, 64, 3])
    let cache = folder.url.appending(path: "cache")
    _ = try batches(inputs { $0.cache = cache.path })
    let kept = FileManager.default.enumerator(at: cache, includingPropertiesForKeys: nil)
    #expect((kept?.allObjects.count ?? 0) >= 8)
    let threads = try batches(inputs { $0.loaderThreads = 5 })
    #expect(levels(threads) == levels(try batches(inputs())))
  }

  @Test func badImagesEndTheRunOrAreListed() throws {
    try folder.write("no image", to: "a/4.png")
    #expect {
      try batches(inputs())
    } throws: { "\($0)".contains("a/4.png") }
    let source = try inputs { $0.skipsBadImages = true }.makeSource(configuration)
    defer { source.stop() }
    for _ in 0..<8 { _ = try source.next() }
    #expect(source.skipped.map(\.id) == ["a/4.png"])
  }

  @Test func expertPairsAreCaptionsOrCategories() throws {
    func expert(_ change: (inout PretrainingInputs) -> Void = { _ in }) throws
      -> [PretrainingSamples]
    {
      try batches(
        inputs {
          $0.expert = [source("pairs.csv")]
          change(&$0)
        }
      ) { $0.objective = .keepfit }.map { try #require($0.expert) }
    }
    let captions = try expert()
    // As many steps as the labeled stream has, over and over.
    #expect(captions.count == 8)
    #expect(
      captions.prefix(4).flatMap(\.texts) == [
        "a healthy eye", "drusen near the macula", "soft drusen", "a clouded lens",
      ])
    #expect(captions.allSatisfy { $0.categories == nil })
    #expect(try expert { $0.captionLanguage = .chinese }[0].texts == ["健康"])
    // English is ASCII here.
    let either = try expert { $0.captionLanguage = nil }.flatMap(\.texts)
      .map { text in text.utf8.allSatisfy { $0 < 128 } }
    #expect(either.contains(true) && either.contains(false))
    let categories = try expert {
      $0.expertForm = .categories
      $0.expert = [source("labeled.csv")]
      $0.caption = "Here: [CLS]"
      $0.knowledge = "builtin"
      $0.isAugmented = true
    }
    #expect(categories[1].texts == ["Here: drusens"] && categories[1].categories == ["drusens"])
    #expect(Set(categories[1].images.scalars).count == 1, "expert images are not augmented")
    let random = try expert { $0.isShuffled = true }.flatMap(\.texts)
    #expect(random != captions.flatMap(\.texts))
  }

  @Test func whatIsMissingIsNamed() throws {
    func message(_ inputs: PretrainingInputs, _ objective: ObjectiveName = .flair) -> String {
      do {
        _ = try batches(inputs, count: 0) { $0.objective = objective }
        return ""
      } catch { return "\(error)" }
    }
    #expect(message(PretrainingInputs()).contains("--public"))
    #expect(message(inputs(), .keepfit).contains("--expert"))
    #expect(message(inputs { $0.labeled[0].root += "/none" }).contains("/none is not a directory"))
    #expect(message(inputs { $0.labeled[0].manifest += "x" }).contains("labeled.csvx"))
  }

  @Test func validationMeasuresWhatItWasGiven() throws {
    let model = try smallestModel()
    #expect(try inputs().makeValidation(configuration) == nil)
    func names(
      leavingOut: [SkippedImage] = [], _ change: @escaping (inout PretrainingInputs) -> Void
    ) throws -> [String] {
      let validation = try #require(
        try inputs(change).makeValidation(configuration, leavingOut: leavingOut))
      return try validation.measure(model).map(\.name)
    }
    try folder.write("image,label\na/0.png,normal\na/3.png,cataract\n", to: "probe.csv")
    #expect(try names { $0.validation = [source("pairs.csv")] }.first == "mean_recall")
    #expect(try names { $0.probes = [source("probe.csv")] }.first == "zero_shot")
    func both(_ inputs: inout PretrainingInputs) {
      inputs.validation = [source("pairs.csv")]
      inputs.probes = [source("probe.csv")]
    }
    #expect(try names { both(&$0) }.first == "mean_recall")
    #expect(
      try names {
        both(&$0)
        $0.monitor = .zeroShot
      }.first == "zero_shot")
    // An image that cannot be read is found beforehand, and left out.
    try folder.write("no image", to: "a/2.png")
    let withPairs = inputs { $0.validation = [source("pairs.csv")] }
    let unreadable = try withPairs.unreadableValidationImages()
    #expect(unreadable.map(\.id) == [folder.url.appending(path: "a/2.png").path])
    #expect(throws: (any Error).self) { try names { $0.validation = [source("pairs.csv")] } }
    #expect(
      try names(leavingOut: unreadable) { $0.validation = [source("pairs.csv")] }.count == 7)
  }

  @Test func labeledTextsThatAreTruncatedAreCounted() throws {
    let long = [String](repeating: "drusens near the fovea", count: 80).joined(separator: " ")
    try folder.write(
      "image,atributes,categories\na/0.png,[],['normal']\na/1.png,[],['\(long)']\n", to: "long.csv")
    let model = try KeepFITModel(preset: .tiny, seed: 1)
    let summary = try inputs { $0.labeled = [source("long.csv")] }.summary(
      configuration, model: model)
    #expect(
      summary.remarks.contains { $0.hasPrefix("1 labeled row may get a text that is longer") })
    #expect(
      try !inputs().summary(configuration, model: model).remarks.contains { $0.contains("longer") })
  }

  @Test func spellingsAndImagesWithSeveralLabelsAreSaid() throws {
    let model = try KeepFITModel(preset: .tiny, seed: 1)
    let rows = ["0.png,[],['normal']", "1.png,[],['Normal']", "1.png,[],['cataract']"]
    try folder.write(
      "image,atributes,categories\n" + rows.map { "a/\($0)\n" }.joined(), to: "odd.csv")
    let found = try inputs { $0.labeled = [source("odd.csv")] }.summary(configuration, model: model)
      .remarks.joined(separator: "\n")
    #expect(found.contains("look like other spellings") && found.contains("'Normal'"), "\(found)")
    #expect(found.contains("1 image with several rows of different labels"), "\(found)")
    #expect(found.contains("a/1.png"))
  }
}
