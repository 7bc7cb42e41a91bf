import Foundation
import KeepFIT
import Synchronization
import Testing

@Suite struct DemonstrationTests {
  /// The whole of `keepfit demo` with few images and the smallest model.
  @Test func aSmallDemonstrationRunsToItsPage() throws {
    let out = FileManager.default.temporaryDirectory
      .appending(path: "keepfit-demonstration-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: out) }
    var demonstration = Demonstration(out: out)
    demonstration.settings.preset = KeepFITConfiguration.Preset.tiny.rawValue
    demonstration.settings.imageSize = 32
    demonstration.settings.batchSize = 4
    demonstration.settings.epochs = 1
    demonstration.dataset.size = 32
    demonstration.dataset.publicCount = 12
    demonstration.dataset.expertCount = 8
    demonstration.dataset.testPerClass = 12
    demonstration.reports?.studies = 20
    demonstration.reports?.epochs = 1
    demonstration.reports?.transformerEpochs = 1
    let stages = Mutex<[String]>([])
    let page = try demonstration.run { event in
      if case .stage(let title) = event { stages.withLock { $0.append(title) } }
    }
    #expect(stages.withLock(\.count) == 9)
    let text = try String(contentsOf: page, encoding: .utf8)
    for word in [
      "flair", "keepfit", "data:image/jpeg;base64", "cataract", "nearest training study",
    ] {
      #expect(text.contains(word), "\(word)")
    }
    // Where all images of a class are right, or wrong, an interval still has a width.
    let intervals = text.matches(of: /<span>(\d+\.\d)–(\d+\.\d)<\/span>/)
    #expect(intervals.count >= 6)
    #expect(intervals.allSatisfy { $0.output.1 != $0.output.2 })
    for run in ["flair", "keepfit"] {
      let report = out.appending(path: run).appending(path: "report.html")
      #expect(FileManager.default.fileExists(atPath: report.path))
    }
    #expect(throws: PretrainingError.self) { try demonstration.run { _ in } }
  }
}
