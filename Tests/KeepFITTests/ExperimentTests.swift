import Foundation
import KeepFIT
import Testing

@Suite struct ExperimentTests {
  @Test func builtinExperimentsNumberTheirClasses() throws {
    #expect(Experiment.builtin.count == 18)
    for experiment in Experiment.builtin {
      let targets = try #require(experiment.targets)
      #expect(targets.values.sorted() == Array(0..<targets.count), "\(experiment.name)")
    }
    let amd = try #require(Experiment.builtin.first { $0.name == "AMD" })
    #expect(amd.targets == ["age related macular degeneration": 0, "normal": 1])
  }

  @Test func readsExperimentFiles() throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("experiment-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appendingPathComponent("mine.json")
    func find(_ json: String) throws -> Experiment {
      try Data(json.utf8).write(to: file)
      return try Experiment.find(file.path, directories: []).experiment
    }
    let full = try find(
      """
      {"name": "mine", "manifest": "a.csv", "targets": {"x": 0, "y": 1}, "modality": "ffa",
       "test_manifest": "b.csv"}
      """)
    #expect(full.modality == .angiography && full.testManifest == "b.csv")
    #expect(try find(#"{"name": "m", "manifest": "a.csv"}"#).targets == nil)
    for (json, word) in [
      (#"{"manifest": "a.csv"}"#, "name"), ("{", "JSON"), (#"{"name": 1, "manifest": ""}"#, "name"),
      (#"{"name": "m", "manifest": "a", "modality": "x"}"#, "modality"),
    ] {
      #expect {
        try find(json)
      } throws: { error in
        "\(error)".contains(word) && "\(error)".contains("mine.json")
      }
    }
    #expect {
      try Experiment.find("03_MESSIDOR", directories: [])
    } throws: { error in
      "\(error)".contains("02_MESSIDOR")
    }
    #expect(throws: TransferError.self) { try Experiment.find("AMD", directories: [directory]) }
    try Data().write(to: directory.appendingPathComponent("AMD.csv"))
    #expect(try Experiment.find("AMD", directories: [directory]).experiment.name == "AMD")
  }

  @Test func readsPublishedManifests() throws {
    let data = try FakeData(counts: ["red": 3, "green": 2])
    defer { data.remove() }
    let text = """
      ,image,atributes,categories
      0,red0.raw,[],"['red', 'other']"
      1,green1.raw,['clean'],['green']

      """
    try Data(text.utf8).write(to: data.manifest)
    let dataset = try LabeledImages(
      contentsOf: data.manifest, root: data.directory, targets: ["red": 0, "green": 1])
    #expect(dataset.labels == [0, 1] && dataset.images == ["red0.raw", "green1.raw"])
  }

  @Test func numbersAreOrderedAsNumbers() throws {
    let data = try FakeData(counts: ["red": 6])
    defer { data.remove() }
    let rows = ["10", "9", "2", "9", "2", "10"].enumerated().map { "red\($0).raw,\($1)" }
    try Data((["image,grade"] + rows).joined(separator: "\n").utf8).write(to: data.manifest)
    let dataset = try LabeledImages(
      contentsOf: data.manifest, root: data.directory, targets: nil)
    #expect(dataset.classes == ["2", "9", "10"] && dataset.labels == [2, 1, 0, 1, 0, 2])
  }
}
