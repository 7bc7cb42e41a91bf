import Foundation
import KeepFIT
import Testing

@Suite struct MistakeMapTests {
  /// Images of two colors, some of them with the other one's label, so that every method errs.
  private func files() throws -> FakeData {
    let data = try FakeData(counts: ["red": 12, "green": 12])
    var text = try String(contentsOf: data.manifest, encoding: .utf8)
    for index in 0..<4 {
      text = text.replacingOccurrences(of: "red\(index).raw,red", with: "red\(index).raw,green")
    }
    try Data(text.utf8).write(to: data.manifest)
    return data
  }

  @Test func mapsExplainTheClassifierThatErred() throws {
    let data = try files()
    defer { data.remove() }
    let model = FakeModel()
    let (experiment, directory) = try Experiment.find(data.manifest.path, directories: [])
    let dataset = try LabeledImages(
      contentsOf: directory.appendingPathComponent(experiment.manifest), root: data.directory,
      targets: nil)
    let configurations = TransferMethod.allCases.map { method in
      var configuration = TransferConfiguration(method: method)
      configuration.folds = 1
      configuration.split = DataSplit.Options(
        train: .percent(50), validation: .percent(0), test: .percent(50))
      configuration.bootstrapResamples = 0
      configuration.fineTuning.epochs = 3
      configuration.fineTuning.learningRate = 0.05
      return configuration
    }
    let run = try TransferRun(
      experiment: experiment, dataset: dataset, model: model, source: FakeData.source,
      configurations: configurations, knowledge: .none)
    var scores: [TransferMethod: Float] = [:]
    var maps: [TransferMethod: [Float]] = [:]
    run.onFold = { item in
      let method = item.configuration.method
      let image = try FakeData.source.load(item.root.appending(path: "red0.raw"))
      let map = try Explanation.gradientWeighted(
        image, query: item.query(for: 1, against: 0), model: model)
      // The score is the difference of the logits that the fold's probabilities come from.
      if let row = item.fold.testImages.firstIndex(of: "red0.raw") {
        let probabilities = item.fold.probabilities[row]
        let difference = log(Double(probabilities[1])) - log(Double(probabilities[0]))
        #expect(
          abs(Double(map.score) - difference) < 1e-3 * max(1, abs(difference)), "\(method)")
      }
      // And what it changes by when the image changes follows from the map's gradient.
      #expect(map.text == item.classes[1] && map.against == [item.classes[0]])
      #expect(map.similarity == nil)
      scores[method] = map.score
      maps[method] = map.map
    }
    _ = try run.run()
    #expect(scores.count == TransferMethod.allCases.count)
    #expect(Set(scores.values).count == scores.count, "every classifier has a score of its own")
    #expect(maps[.fineTune] != maps[.zeroShot], "the tuned encoder was not in place")
  }

  @Test func theMostConfidentMistakesOfAllFoldsAreKept() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("mistakes-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var rows = ["image,label"]
    for index in 0..<16 {
      let isRed = index < 8
      let color: [UInt8] = isRed ? [230, UInt8(25 + index), 25] : [25, 230, UInt8(25 + index)]
      try FundusImage(width: 8, height: 6, pixels: (0..<48).flatMap { _ in color })
        .writePNG(to: folder.appendingPathComponent("p\(index).png"))
      // Two images of each color carry the other's label.
      let label = index % 8 < 2 ? !isRed : isRed
      rows.append("p\(index).png,\(label ? "red" : "green")")
    }
    let manifest = folder.appendingPathComponent("rows.csv")
    try Data(rows.joined(separator: "\n").utf8).write(to: manifest)
    let data = try ExperimentData(manifest.path, imagesRoot: nil)
    let model = FakeModel()
    let preprocessing = Preprocessing.transfer.with(imageSize: 32)
    var configuration = TransferConfiguration(method: .zeroShot)
    configuration.bootstrapResamples = 0
    let run = try TransferRun(
      experiment: data.experiment, dataset: data.dataset, model: model,
      source: ImageSource(preprocessing), configurations: [configuration, configuration],
      knowledge: .none)
    let collector = EvidenceReport.MistakeCollector(
      3, preprocessing: preprocessing, model: model)
    run.onFold = collector.add
    let report = try run.run()
    let fold = report.results[0].folds[0]
    let wrong = fold.labels.indices.filter { index in
      fold.probabilities[index].firstIndex(of: fold.probabilities[index].max()!)
        != fold.labels[index]
    }
    #expect(wrong.count == 4)
    let confidences = wrong.map { Double(fold.probabilities[$0].max()!) }.sorted(by: >)
    let mistakes = collector.mistakes
    #expect(mistakes.map(\.confidence) == Array(confidences.prefix(3)))
    #expect(Set(mistakes.map(\.image)).count == 3)
    #expect(mistakes.allSatisfy { $0.truth != $0.predicted && $0.images.count == 2 })
    #expect(mistakes.allSatisfy { $0.images.allSatisfy { $0.starts(with: [0xFF, 0xD8]) } })
  }
}
