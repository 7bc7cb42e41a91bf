import Foundation
import KeepFIT
import TestSupport
import Testing

@Suite struct PredictionFileTests {
  private let labels = ["normal", "mild, moderate \"DR\""]
  private let names = ["a/1_left.jpg", "b,\"2\".png", "c\nd_OD.tif", "a/1_left.jpg", "e.jpg"]

  private func prediction(_ index: Int) -> ImagePrediction {
    let share = Float(index + 1) / 10
    return ImagePrediction(
      image: names[index], labels: labels, predicted: [labels[1]], logits: [-share, share],
      probabilities: [0.5 - share / 2, 0.5 + share / 2], predictionSet: [labels[1], labels[0]])
  }

  private func open(
    _ url: URL, _ existing: PredictionFile.Existing, labels: [String]? = nil,
    settings: [String: String] = ["model": "m"]
  ) throws -> PredictionFile {
    try PredictionFile(
      url, existing: existing, labels: labels ?? self.labels, hasQuality: false, hasSet: true,
      settings: settings)
  }

  /// Answers what the file lacks, as the command does.
  private func complete(_ file: PredictionFile) throws {
    var finished = file.finished
    let rest = names.indices.filter { index in
      guard let count = finished[names[index]], count > 0 else { return true }
      finished[names[index]] = count - 1
      return false
    }
    for start in stride(from: 0, to: rest.count, by: 2) {
      try file.append(rest[start..<min(rest.count, start + 2)].map(prediction))
    }
    try file.finish()
  }

  @Test(arguments: PredictionFile.Format.allCases)
  func aFileThatIsCutAnywhereIsCompleted(format: PredictionFile.Format) throws {
    let folder = try TemporaryDirectory()
    let url = folder.url.appending(path: "p.\(format.rawValue)")
    try complete(open(url, .refuse))
    let whole = try Data(contentsOf: url)
    for length in 0...whole.count {
      try whole.prefix(length).write(to: url)
      let file = try open(url, .resume)
      #expect(file.count <= names.count)
      try complete(file)
      #expect(try Data(contentsOf: url) == whole, "cut after \(length) bytes")
    }
  }

  @Test func theFormatsHoldTheSame() throws {
    let folder = try TemporaryDirectory()
    func text(_ name: String) throws -> String {
      let url = folder.url.appending(path: name)
      try complete(open(url, .refuse))
      return try String(contentsOf: url, encoding: .utf8)
    }
    let (table, _, _) = CSVReader().records(of: Array(try text("p.csv").utf8))
    #expect(
      table[0].fields == [
        "image", "label", "probability_normal", "probability_mild, moderate \"DR\"",
        "prediction_set", "laterality",
      ])
    #expect(table.dropFirst().map(\.fields[0]) == names)
    #expect(table.dropFirst().map { $0.fields.last } == ["left", "", "right", "left", ""])
    #expect(Float(table[1].fields[2]) == 0.45)
    let list = try #require(
      try JSONSerialization.jsonObject(with: Data(try text("p.json").utf8)) as? [[String: Any]])
    #expect(list.map { $0["image"] as? String } == names)
    #expect(list[2]["laterality"] as? String == "right" && list[1]["laterality"] == nil)
    #expect((list[0]["prediction_set"] as? [String])?.count == 2)
    let lines = try text("p.jsonl").split(separator: "\n")
    #expect(lines.count == names.count)
  }

  @Test func nothingIsOverwrittenOrMixed() throws {
    let folder = try TemporaryDirectory()
    let url = folder.url.appending(path: "p.csv")
    try complete(open(url, .refuse))
    let before = try Data(contentsOf: url)
    func refusal(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    #expect(refusal { _ = try open(url, .refuse) }.contains("--resume"))
    #expect(
      refusal { _ = try open(url, .resume, labels: ["x", "y"]) }.contains("columns other than"))
    #expect(
      refusal { _ = try open(url, .resume, settings: ["model": "n"]) }
        .contains("another model (m, now n)"))
    #expect(try Data(contentsOf: url) == before)
    // A file of another program stays as it is.
    for (name, text) in [
      ("q.csv", "hello"), ("q.csv", "a,b\n1,2\n"), ("q.json", "{\"a\": 1}"), ("q.jsonl", "hello"),
      ("q.jsonl", "1\n2\n"),
    ] {
      let other = try folder.write(text, to: name)
      #expect(!refusal { _ = try open(other, .resume) }.isEmpty, "\(name): \(text)")
      #expect(try String(contentsOf: other, encoding: .utf8) == text)
    }
    let held = try open(url, .resume)
    #expect(refusal { _ = try open(url, .resume) }.contains("another process"))
    #expect(held.count == names.count)
    #expect(
      refusal { _ = try open(folder.url.appending(path: "p.txt"), .refuse) }.contains(".jsonl"))
  }
}
