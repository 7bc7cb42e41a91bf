import Foundation
import KeepFIT
import Synchronization
import Testing

@Suite struct TransferRunTests {
  private func run(
    _ data: FakeData, model: FakeModel = FakeModel(), configurations: [TransferConfiguration],
    cache: FeatureCache? = nil, adapters: URL? = nil
  ) throws -> TransferReport {
    let (experiment, directory) = try Experiment.find(data.manifest.path, directories: [])
    let images = try LabeledImages(
      contentsOf: directory.appendingPathComponent(experiment.manifest), root: data.directory,
      targets: experiment.targets)
    let run = try TransferRun(
      experiment: experiment, dataset: images, external: [images], model: model,
      source: FakeData.source, configurations: configurations, cache: cache, knowledge: .none)
    run.adapterDirectory = adapters
    return try run.run()
  }

  private func configuration(_ method: TransferMethod) -> TransferConfiguration {
    var configuration = TransferConfiguration(method: method)
    configuration.folds = 2
    configuration.split = DataSplit.Options(
      train: .percent(60), validation: .percent(20), test: .percent(20))
    configuration.bootstrapResamples = 50
    configuration.fineTuning.epochs = 6
    configuration.fineTuning.learningRate = 0.01
    return configuration
  }

  @Test func everyMethodLearnsColors() throws {
    let data = try FakeData(counts: ["red": 20, "green": 15, "blue": 25])
    defer { data.remove() }
    let model = FakeModel()
    let before = model.stateEntries().map(\.exported.scalars)
    var configurations = TransferMethod.allCases.map(configuration)
    configurations[1].augmentsTraining = true
    configurations[2].augmentsTest = true
    configurations[5].fineTuning.startsFromProbe = true
    let report = try run(data, model: model, configurations: configurations)
    #expect(report.results.map(\.method) == TransferMethod.allCases)
    for result in report.results {
      #expect(result.classes == ["blue", "green", "red"])
      let accuracy = try #require(result.mean["aca"]?.scalar)
      #expect(accuracy > 0.9, "\(result.method): \(accuracy)")
      #expect(result.folds.count == 2 && result.folds[0].testImages.count == 12)
      #expect(result.folds[0].probabilities.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-5 })
      let external = try #require(result.folds[1].external?["rows"])
      #expect(external.labels.count == 60)
      #expect(result.external?["rows"]?.mean["aca"]?.scalar ?? 0 > 0.9)
    }
    // Fine-tuning leaves the model as it was.
    #expect(model.stateEntries().map(\.exported.scalars) == before)
  }

  @Test func resultsSurviveTheirFile() throws {
    let data = try FakeData(counts: ["red": 10, "green": 10])
    defer { data.remove() }
    let base = configuration(.zeroShot)
    let configurations = TransferConfiguration.table(
      methods: TransferMethod.onFeatures, shots: [.count(1), .count(5)], base: base)
    #expect(configurations.count == 9)
    let report = try run(data, configurations: configurations)
    let out = data.directory.appendingPathComponent("out")
    try report.write(to: out, force: false)
    let read = try TransferReport(contentsOf: out.appendingPathComponent("results.json"))
    #expect(read.results.count == 9)
    #expect(read.results[3].mean == report.results[3].mean)
    #expect(read.results[3].folds[1].labels == report.results[3].folds[1].labels)
    #expect(throws: (any Error).self) { try report.write(to: out, force: false) }
    #expect(!report.results[1].mean.keys.contains { $0.hasPrefix("AMD") })
    let positive = try #require(read.results[1].folds[0].positive)
    #expect(positive.positive == "red" && positive.counts.positives > 0)
    #expect(
      positive.operatingPoints.map(\.source) == [
        .validation, .validation, .validation, .validation,
      ])
    #expect(positive == report.results[1].folds[0].positive)
    let single = TransferReport(experiment: "x", results: [report.results[0]])
    try single.write(to: out, force: true)
    let plain = try JSONDecoder().decode(
      TransferResult.self, from: Data(contentsOf: out.appendingPathComponent("results.json")))
    #expect(plain.method == .zeroShot)
  }

  @Test func featuresAreExtractedOnce() throws {
    let data = try FakeData(counts: ["red": 9, "green": 8])
    defer { data.remove() }
    let cache = FeatureCache(directory: data.directory.appendingPathComponent("cache"))
    let urls = (0..<8).map { data.directory.appendingPathComponent("green\($0).raw") }
    func extract(_ model: FakeModel, _ urls: [URL], pass: Int? = nil) throws -> (Tensor, Int) {
      let extractor = FeatureExtractor(
        model: model, source: FakeData.source, cache: cache, batchSize: 3)
      let features = try extractor.features(urls, pass: pass, projected: false)
      return (features, extractor.encodedCount)
    }
    let first = try extract(FakeModel(), urls)
    #expect(first.1 == 8)
    // The same content under another name, in another order, beside a new image.
    let copy = data.directory.appendingPathComponent("copy.raw")
    try FileManager.default.copyItem(at: urls[3], to: copy)
    let red = data.directory.appendingPathComponent("red0.raw")
    let second = try extract(FakeModel(), [red, copy, urls[0]])
    #expect(second.1 == 1)
    #expect(second.0.scalars[6..<12] == first.0.scalars[18..<24])
    #expect(try extract(FakeModel(seed: 2), urls).1 == 8)
    let augmented = try extract(FakeModel(), urls, pass: 4)
    #expect(augmented.1 == 8 && augmented.0.scalars != first.0.scalars)
    let again = try extract(FakeModel(), Array(urls.reversed()), pass: 4)
    #expect(again.1 == 0)
    #expect(Array(again.0.scalars.suffix(6)) == Array(augmented.0.scalars.prefix(6)))
    // A changed image is another image, a damaged cache no cache.
    try Data(contentsOf: red).write(to: urls[0])
    #expect(try extract(FakeModel(), urls).1 == 0)
    for file in try FileManager.default.contentsOfDirectory(
      at: cache.directory, includingPropertiesForKeys: nil)
    {
      try Data("damaged".utf8).write(to: file)
    }
    #expect(try extract(FakeModel(), urls).1 == 8)
  }

  /// 300 images are written in two files, each feature once, and a later run adds only what is new.
  @Test func eachFeatureIsWrittenOnce() throws {
    let data = try FakeData(counts: ["red": 300])
    defer { data.remove() }
    let cache = FeatureCache(directory: data.directory.appendingPathComponent("cache"))
    func files() throws -> [URL: [Substring]] {
      let urls = try FileManager.default.contentsOfDirectory(
        at: cache.directory, includingPropertiesForKeys: nil)
      return try urls.reduce(into: [:]) { result, url in
        let images = try SafetensorsFile(contentsOf: url).metadata["images"]
        result[url] = try #require(images).split(separator: " ")
      }
    }
    func extract(_ range: Range<Int>) throws {
      let urls = range.map { data.directory.appendingPathComponent("red\($0).raw") }
      _ = try FeatureExtractor(model: FakeModel(), source: FakeData.source, cache: cache)
        .features(urls, projected: false)
    }
    try extract(0..<290)
    let first = try files()
    #expect(first.values.map(\.count).sorted() == [34, 256])
    #expect(Set(first.values.joined()).count == 290)
    try extract(0..<300)
    let second = try files()
    #expect(second.values.map(\.count).sorted() == [10, 34, 256])
    #expect(first.allSatisfy { second[$0.key] == $0.value })
  }

  @Test func featuresThatAreNotFiniteNameTheImage() throws {
    let data = try FakeData(counts: ["red": 3])
    defer { data.remove() }
    let urls = (0..<3).map { data.directory.appendingPathComponent("red\($0).raw") }
    let source = ImageSource(
      identity: "raw",
      load: { url in
        let image = try FakeData.source.load(url)
        return url == urls[1] ? image * Float.infinity : image
      }, augment: { image, _ in image })
    #expect {
      try FeatureExtractor(model: FakeModel(), source: source).features(urls, projected: false)
    } throws: { error in
      "\(error)".contains("red1.raw: the features of this image are not finite")
    }
  }

  /// The projection spans the list, which is ordered by class, and loads no image again.
  @Test func theProjectionShowsEveryClassFromKnownFeatures() throws {
    let data = try FakeData(counts: ["red": 20, "green": 20])
    defer { data.remove() }
    let counter = LoadCounter()
    let source = ImageSource(
      identity: "raw",
      load: { url in
        counter.add()
        return try FakeData.source.load(url)
      }, augment: { image, _ in image })
    let images = try LabeledImages(contentsOf: data.manifest, root: data.directory, targets: nil)
    let experiment = try Experiment.find(data.manifest.path, directories: []).experiment
    let run = try TransferRun(
      experiment: experiment, dataset: images, model: FakeModel(), source: source,
      configurations: [configuration(.linearProbe)], knowledge: .none)
    let report = try run.run()
    let before = counter.count
    let sample = try #require(try run.projectionSample(of: report, limit: 4))
    #expect(sample.labels == [0, 0, 1, 1] && sample.total == 8)
    #expect(sample.values.shape == [4, 5])
    #expect(before > 0 && counter.count == before)
  }

  @Test func adaptersComeBackFromTheirFiles() throws {
    let data = try FakeData(counts: ["red": 10, "green": 10, "blue": 10])
    defer { data.remove() }
    let adapters = data.directory.appendingPathComponent("adapters")
    let model = FakeModel()
    let report = try run(
      data, model: model, configurations: TransferMethod.allCases.map(configuration),
      adapters: adapters)
    for (method, result) in zip(TransferMethod.allCases, report.results) {
      let adapter = try Adapter(
        contentsOf: adapters.appendingPathComponent("\(method.rawValue)-60percent/fold1"))
      let fold = result.folds[1]
      let images = try fold.testImages.map {
        try FakeData.source.load(data.directory.appendingPathComponent($0))
      }
      let logits = try adapter.logits(Tensor.stacked(images), model: model)
      let probabilities = logits.softmax().scalars
      let distance = TransferMethodTests.distance(
        probabilities, fold.probabilities.flatMap { $0 })
      #expect(distance < 1e-5, "\(method)")
      #expect(throws: TransferError.self) {
        try adapter.logits(Tensor.stacked(images), model: FakeModel(seed: 2))
      }
    }
    #expect(throws: TransferError.self) { try Adapter(contentsOf: data.directory) }
  }

  @Test func badDataIsFoundBeforeWork() throws {
    let data = try FakeData(counts: ["red": 10, "green": 10, "odd": 1])
    defer { data.remove() }
    #expect(throws: TransferError.singleSampleClass(label: "odd")) {
      try run(data, configurations: [configuration(.linearProbe)])
    }
    func images(_ targets: [String: Int]?) throws -> LabeledImages {
      try LabeledImages(contentsOf: data.manifest, root: data.directory, targets: targets)
    }
    #expect {
      try images(["red": 0, "green": 1])
    } throws: { error in
      "\(error)".contains("'odd'") && "\(error)".contains("row 12")
    }
    #expect(throws: TransferError.self) { try images(["red": 0, "green": 2, "odd": 1, "x": 1]) }
    try FileManager.default.removeItem(at: data.directory.appendingPathComponent("red3.raw"))
    #expect {
      try images(nil)
    } throws: { error in
      "\(error)".contains("red3.raw")
    }
    var raw = configuration(.clipAdapter)
    raw.projectsFeatures = false
    let small = try FakeData(counts: ["red": 10, "green": 10])
    defer { small.remove() }
    #expect(throws: TransferError.self) { try run(small, configurations: [raw]) }
    var untrained = configuration(.linearProbe)
    untrained.split.train = .percent(0)
    #expect(throws: TransferError.self) { try run(small, configurations: [untrained]) }
  }

  @Test func fineTuningFreezesWhatItIsTold() throws {
    let data = try FakeData(counts: ["red": 8, "green": 8])
    defer { data.remove() }
    let labels = ["red", "green"]
    let urls = labels.flatMap { label in
      (0..<8).map { data.directory.appendingPathComponent("\(label)\($0).raw") }
    }
    let samples = FineTuning.Samples(urls: urls, labels: (0..<16).map { $0 / 8 })
    for (freeze, changes) in [
      (FineTuning.Freeze.none, [true, true]), (.encoder, [false, false]),
      (.allButLastStage, [true, false]), (.batchNormOnly, [false, false]),
    ] {
      let model = FakeModel()
      let before = model.stateEntries().map(\.exported.scalars)
      var options = FineTuning.Options()
      options.freeze = freeze
      options.epochs = 4
      options.learningRate = 0.01
      let tuned = try FineTuning.fit(
        model, training: samples, validation: .init(urls: [], labels: []), classCount: 2,
        source: FakeData.source, projects: true, augments: true, options: options)
      #expect(tuned.history.count == 4)
      #expect(tuned.history[3].loss < tuned.history[0].loss)
      let after = model.stateEntries().map(\.exported.scalars)
      #expect(zip(before, after).map { $0 != $1 } == changes, "\(freeze)")
      #expect(model.weight.isTrainable && model.weight.gradient == nil)
      tuned.restore()
      #expect(model.stateEntries().map(\.exported.scalars) == before)
    }
  }
}

/// Counts from several threads.
private final class LoadCounter: Sendable {
  private let value = Mutex(0)
  var count: Int { value.withLock { $0 } }
  func add() { value.withLock { $0 += 1 } }
}
