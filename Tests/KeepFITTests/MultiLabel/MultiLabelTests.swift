import Foundation
import KeepFIT
import TestSupport
import Testing

@Suite struct MultiLabelTests {
  private func congruential(_ count: Int, seed: Int) -> [Double] {
    var state = seed
    return (0..<count).map { _ in
      state = (1_103_515_245 * state + 12345) % (1 << 31)
      return Double(state) / Double(1 << 31)
    }
  }

  /// scikit-learn's `roc_auc_score` and `average_precision_score` on 40 images, 3 labels and tied scores.
  @Test func areasEqualThoseOfScikitLearn() {
    let values = congruential(240, seed: 7)
    let shares = [0.5, 0.2, 0.1]
    let expected: [(auc: Double, precision: Double)] = [
      (auc: 0.9298245614035088, precision: 0.9131980277491113),
      (0.9514285714285714, 0.780952380952381), (1.0, 1.0),
    ]
    for label in 0..<3 {
      let truth = (0..<40).map { values[($0 * 3 + label) * 2] < shares[label] }
      let scores = (0..<40).map { row in
        let raw = 0.6 * values[(row * 3 + label) * 2 + 1] + (truth[row] ? 0.4 : 0)
        return (10 * raw).rounded(.toNearestOrEven) / 10
      }
      let found = LabelScores(label: "x", truth: truth, probabilities: scores, threshold: 0.5)
      #expect(abs(found.auc! - expected[label].auc) < 1e-12)
      #expect(abs(found.averagePrecision! - expected[label].precision) < 1e-12)
    }
  }

  @Test func thresholdsMaximizeF1() {
    let truth = [true, true, false, true, false, false]
    let scores = [0.9, 0.8, 0.7, 0.6, 0.2, 0.1]
    #expect(LabelScores.bestThreshold(truth: truth, probabilities: scores) == 0.6)
    let found = LabelScores(label: "x", truth: truth, probabilities: scores, threshold: 0.6)
    #expect(found.counts.f1 == 6.0 / 7)
    #expect(LabelScores.bestThreshold(truth: [false], probabilities: [0.3]) == 0.5)
  }

  @Test func everyPartHasItsShareOfRareLabels() {
    var stream = RandomStream(seed: 5)
    let shares: [Float] = [0.5, 0.2, 0.04]
    let targets = (0..<250).map { _ in shares.map { stream.uniform() < $0 ? 1 : 0 } }
    for seed in 0..<3 {
      var random = PythonRandom(seed: seed)
      let parts = IterativeStratification(
        counts: targets, sizes: targets.map { _ in 1 }, shares: [0.2, 0.6], random: &random
      ).parts
      for (part, share) in [(0, 0.2), (1, 0.6)] {
        let rows = parts.indices.filter { parts[$0] == part }
        #expect(abs(Double(rows.count) - 250 * share) <= 3)
        for label in 0..<3 {
          let all = Double(targets.reduce(0) { $0 + $1[label] })
          let own = Double(rows.reduce(0) { $0 + targets[$1][label] })
          #expect(abs(own - all * share) <= 1.5, "label \(label): \(own) of \(all)")
        }
      }
      #expect(parts.count { $0 == nil } > 45)
    }
    // Units are not divided.
    var random = PythonRandom(seed: 0)
    let grouped = IterativeStratification(
      counts: [[2], [2], [0], [0]], sizes: [4, 4, 4, 4], shares: [0.5, 0.5], random: &random
    ).parts
    #expect(grouped.count { $0 == 0 } == 2 && Set(grouped[0...1]) == [0, 1])
  }

  // MARK: - Runs

  /// Images of two halves, each with a color: a label per color, "none" for gray.
  private func data(_ folder: TemporaryDirectory, count: Int = 60) throws -> MultiLabelImages {
    var stream = RandomStream(seed: 9)
    var rows = "image,label\n"
    let colors: [(String, [Float])] = [("red", [0.9, 0.1, 0.1]), ("blue", [0.1, 0.1, 0.9])]
    for index in 0..<count {
      let applies = [index % 2 == 0, index % 3 == 0]
      var bytes: [UInt8] = []
      for pixel in 0..<16 {
        let half = pixel < 8 ? 0 : 1
        let color = applies[half] ? colors[half].1 : [0.5, 0.5, 0.5]
        bytes += color.map { UInt8(255 * min(max($0 + 0.05 * stream.normal(), 0), 1)) }
      }
      try folder.write(Data(bytes), to: "\(index).raw")
      let names = zip(applies, colors).filter(\.0).map(\.1.0)
      rows += "\(index).raw,\(names.isEmpty ? "gray" : names.joined(separator: "; "))\n"
    }
    let manifest = try folder.write(rows, to: "rows.csv")
    return try MultiLabelImages(
      contentsOf: manifest, root: folder.url, options: .init(targets: nil))
  }

  @Test func manifestsMayHaveSeveralLabels() throws {
    let folder = try TemporaryDirectory()
    let data = try data(folder)
    #expect(data.classes == ["blue", "gray", "red"])
    #expect(data.targets[0] == [true, false, true] && data.targets[1] == [false, true, false])
    #expect(data.images.notes.contains { $0.contains("up to 2 labels each of 3") })
    let lists = try folder.write(
      "image,atributes,categories\n0.raw,[],\"['red', 'blue']\"\n1.raw,[],[]\n2.raw,[],['red']\n",
      to: "lists.csv")
    let found = try #require(
      try MultiLabelImages.find(lists.path, imagesRoot: nil, options: .init()))
    #expect(found.data.targets == [[true, true], [false, false], [false, true]])
    let single = try folder.write("image,label\n0.raw,red\n1.raw,blue\n", to: "single.csv")
    #expect(try MultiLabelImages.find(single.path, imagesRoot: nil, options: .init()) == nil)
    // Findings that are not targets stand after the class.
    let json = try folder.write(
      "{\"name\": \"x\", \"manifest\": \"lists.csv\", \"targets\": {\"red\": 0, \"green\": 1}}",
      to: "x.json")
    #expect(try MultiLabelImages.find(json.path, imagesRoot: nil, options: .init()) == nil)
    let twice = try folder.write("image,label\n0.raw,red;blue\n0.raw,red\n", to: "twice.csv")
    #expect(throws: TransferError.self) {
      try MultiLabelImages.find(twice.path, imagesRoot: nil, options: .init())
    }
  }

  private func configuration(_ method: TransferMethod) -> TransferConfiguration {
    var configuration = TransferConfiguration(method: method)
    configuration.folds = 2
    configuration.split = .init(train: .percent(50), validation: .percent(25), test: .percent(25))
    configuration.bootstrapResamples = 50
    configuration.fineTuning.epochs = 12
    configuration.fineTuning.learningRate = 0.02
    configuration.fineTuning.startsFromProbe = true
    configuration.fitsTemperature = true
    return configuration
  }

  @Test func methodsLearnLabelsThatOccurTogether() throws {
    let folder = try TemporaryDirectory()
    let model = FakeModel()
    let before = model.stateEntries().map(\.exported.scalars)
    let run = try MultiLabelRun(
      name: "x", data: data(folder), model: model, source: FakeData.source,
      configurations: [configuration(.linearProbe), configuration(.fineTune)], knowledge: .none)
    run.adapterDirectory = folder.url.appending(path: "adapters")
    let report = try run.run()
    #expect(model.stateEntries().map(\.exported.scalars) == before)
    for result in report.results {
      #expect(result.folds.count == 2)
      #expect(result.mean["auc_macro"]?.scalar ?? 0 > 0.9, "\(result.method)")
      let fold = result.folds[0]
      #expect(fold.thresholdSource == .validation && fold.temperature != nil)
      // An image may have two labels.
      #expect(fold.probabilities.contains { $0[0] > 0.5 && $0[2] > 0.5 })
      #expect(result.labels.map(\.label) == ["blue", "gray", "red"])
      #expect(result.labels.allSatisfy { $0.intervals["auc"] != nil })
    }
    #expect(report.comparisons.map(\.metric) == ["auc_macro"])

    // results.json can be read again, and the page names the labels.
    let out = folder.url.appending(path: "out")
    try report.write(to: out, force: false)
    let read = try JSONDecoder().decode(
      MultiLabelReport.self, from: Data(contentsOf: out.appending(path: "results.json")))
    #expect(read.results[1].labels == report.results[1].labels)
    let page = MultiLabelEvidence(report).page().html()
    for text in ["blue", "Average precision", "Thresholds maximize F1", "not a medical device"] {
      #expect(page.contains(text), "\(text)")
    }

    // An adapter gives the probabilities of the fold.
    for (result, name) in zip(report.results, ["linear-probe-50percent", "fine-tune-50percent"]) {
      let adapter = try Adapter(
        contentsOf: folder.url.appending(path: "adapters/\(name)/fold1"))
      let fold = result.folds[1]
      #expect(adapter.thresholds == fold.thresholds)
      let image = try FakeData.source.load(folder.url.appending(path: fold.testImages[0]))
      let logits = try adapter.logits(image.reshaped([1, 4, 4, 3]), model: model).scalars
      let scale = Float(try #require(adapter.calibration?.temperature))
      for (logit, expected) in zip(logits, fold.probabilities[0]) {
        #expect(abs(1 / (1 + exp(-logit / scale)) - expected) < 1e-4)
      }
    }
  }

  /// Other hospitals: every fold's classifier, with its thresholds, on all of their images.
  @Test func externalSetsAreTestedWithEveryFold() throws {
    let folder = try TemporaryDirectory()
    let data = try data(folder)
    // One label each, one of the three in none, and an image of the experiment itself.
    try folder.write(
      "image,label\n" + (0..<20).map { "\($0).raw,\($0 % 2 == 0 ? "red" : "blue")\n" }.joined(),
      to: "other/rows.csv")
    try folder.write("image,label,split\n0.raw,red;blue,train\n1.raw,gray,test\n", to: "more.csv")
    let experiment = folder.url.appending(path: "rows.csv").path
    let names = ["other/rows.csv", "more.csv"].map { folder.url.appending(path: $0).path }
    func external(_ names: [String]) throws -> [MultiLabelImages] {
      try MultiLabelImages.external(
        names, of: experiment, data, imagesRoot: folder.url, options: .init())
    }
    let others = try external(names)
    #expect(others.map(\.images.name) == ["rows", "more"] && others.map(\.count) == [20, 2])
    #expect(others[1].targets == [[true, false, true], [false, true, false]])
    #expect(throws: TransferError.self) { try external([names[0], names[0]]) }
    try folder.write("image,label\n0.raw,red;green\n", to: "strange.csv")
    #expect {
      try external([folder.url.appending(path: "strange.csv").path])
    } throws: {
      "\($0)".contains("'green'")
    }

    let run = try MultiLabelRun(
      name: "x", data: data, external: others, model: FakeModel(), source: FakeData.source,
      configurations: [configuration(.linearProbe)], knowledge: .none)
    let notes = run.notes.joined(separator: "\n")
    #expect(notes.contains("no image of rows has the label 'gray'"), "\(notes)")
    #expect(notes.contains("images of rows are also training or validation images"), "\(notes)")
    #expect(notes.contains("the column 'split' is ignored, all 2 images are tested"), "\(notes)")
    let report = try run.run()
    let result = report.results[0]
    for fold in result.folds {
      let found = try #require(fold.external?["rows"])
      #expect(found.testImages.count == 20 && found.labels.allSatisfy { $0.reduce(0, +) == 1 })
      // An image of both gets the probabilities that it has as a test image.
      for (row, name) in fold.testImages.enumerated() {
        guard let position = found.testImages.firstIndex(of: name) else { continue }
        #expect(found.probabilities[position] == fold.probabilities[row])
      }
      let scores = LabelScores(
        label: "red", truth: found.labels.map { $0[2] == 1 },
        probabilities: found.probabilities.map { Double($0[2]) }, threshold: fold.thresholds[2])
      #expect(found.metrics["auc_class"]?.numbers[2] == scores.auc)
      #expect(found.metrics["sensitivity_class"]?.numbers[2] == scores.counts.sensitivity)
    }
    let summary = try #require(result.external?["rows"])
    #expect(summary.labels.map(\.label) == ["blue", "gray", "red"])
    #expect(summary.labels[2].auc ?? 0 > 0.9 && summary.labels[1].auc == nil)
    #expect(summary.labels[2].count == 40 && summary.labels[2].intervals["auc"] != nil)

    let out = folder.url.appending(path: "out")
    try report.write(to: out, force: false)
    let read = try JSONDecoder().decode(
      MultiLabelReport.self, from: Data(contentsOf: out.appending(path: "results.json")))
    #expect(read.results[0].external?["rows"]?.labels == summary.labels)
    #expect(read.results[0].folds[1].external?.count == 2)
    let page = MultiLabelEvidence(report).page().html()
    #expect(page.contains("External test set rows") && page.contains("External test set more"))

    // An image that is missing is listed once, and the others are tested.
    try folder.write("image,label\n0.raw,red\ngone.raw,red\n1.raw,gray\n", to: "holes.csv")
    var options = ExperimentData.Options()
    options.acceptsMissingFiles = true
    let holes = try MultiLabelRun(
      name: "x", data: data,
      external: MultiLabelImages.external(
        [folder.url.appending(path: "holes.csv").path], of: experiment, data,
        imagesRoot: folder.url, options: options),
      model: FakeModel(), source: FakeData.source, configurations: [configuration(.linearProbe)],
      knowledge: .none)
    holes.onBadImage = .skip
    let left = try holes.run()
    #expect(left.skipped.map(\.image) == ["gone.raw"] && left.skipped[0].manifest == "holes")
    #expect(
      left.results[0].folds.allSatisfy {
        $0.external?["holes"]?.testImages == ["0.raw", "1.raw"]
      })
  }

  @Test func whatSeveralLabelsDoNotAllowIsRefused() throws {
    let folder = try TemporaryDirectory()
    let data = try data(folder, count: 24)
    func refusal(_ configuration: TransferConfiguration) -> String {
      do {
        _ = try MultiLabelRun(
          name: "x", data: data, model: FakeModel(), source: FakeData.source,
          configurations: [configuration])
      } catch { return "\(error)" }
      return ""
    }
    #expect(refusal(configuration(.tipAdapter)).contains("one label per image"))
    var counts = configuration(.linearProbe)
    counts.split.train = .count(5)
    #expect(refusal(counts).contains("percentage"))
    var plain = configuration(.linearProbe)
    plain.split.validation = .percent(0)
    #expect(refusal(plain).contains("validation images"))
    plain.split.train = .percent(90)
    plain.fitsTemperature = nil
    #expect(refusal(plain).contains("more than 100%"))
  }
}
