import Foundation
import FundusSynthesis
import TestSupport
import Testing

@Suite struct SyntheticReportTests {
  private func angiogram(
    _ findings: [SyntheticFundus.Request], _ phase: AngiogramPhase, seed: UInt64 = 5
  ) -> RenderedFundus {
    SyntheticFundus(
      modality: .angiography, findings: findings, laterality: .left, phase: phase, seed: seed
    ).render(size: 64)
  }

  private func brightness(_ image: RenderedFundus) -> Double {
    Double(image.pixels.reduce(0) { $0 + Int($1) }) / Double(image.pixels.count)
  }

  @Test func dyeArrivesAndFades() {
    let images = AngiogramPhase.allCases.map { angiogram([], $0) }
    let levels = images.map(brightness)
    #expect(levels[0] < levels[1] && levels[1] < levels[2], "\(levels)")
    #expect(AngiogramPhase.allCases == [.armToRetina, .arterial, .venous, .late])
    #expect(Set(images.map(\.pixels)).count == 4)
  }

  @Test func reportsFollowThePhase() {
    let findings: [SyntheticFundus.Request] = [.init(.choroidalNeovascularization, severity: 1)]
    let late = angiogram(findings, .late).report()
    #expect(late.contains("left eye") || late.contains("Left eye"))
    #expect(late.contains("late phase"))
    #expect(late.contains("leak"))
    let early = angiogram(findings, .armToRetina).report()
    #expect(early.contains("arm-to-retina"))
    #expect(!early.contains("neovascularization"), "it does not show yet: \(early)")
    let course = angiogram(findings, .venous).report(phases: [.venous, .late])
    #expect(course.contains("venous and late phases"))
    #expect(course.contains("lacy") || course.contains("net of"))
    #expect(course.contains("leak"))
    #expect(late.hasSuffix(".") && !late.contains("{") && !late.contains(".."))
  }

  @Test func wordingVariesAndRepeats() {
    let image = angiogram([.init(.nonPerfusion, severity: 0.8)], .venous)
    let reports = (0..<12).map { image.report(variant: $0) }
    #expect(Set(reports).count > 5)
    #expect(image.report(variant: 3) == reports[3])
    #expect(reports.allSatisfy { $0.contains("non-perfusion") })
  }

  @Test func healthyEyesAreSaidToBe() {
    for phase in [AngiogramPhase.arterial, .venous, .late] {
      let report = angiogram([], phase).report()
      #expect(
        report.contains("no ") || report.contains("No ") || report.contains("not seen")
          || report.contains("without"), "\(report)")
    }
  }

  @Test func writesTheFormOfFFAIR() throws {
    let folder = try TemporaryDirectory()
    var configuration = SyntheticDataset.Configuration()
    configuration.size = 32
    configuration.publicCount = 0
    configuration.expertCount = 0
    configuration.testPerClass = 0
    configuration.reportCount = 10
    configuration.imagesPerReport = 2
    configuration.format = .png
    let root = folder.url.appending(path: "data")
    let summary = try SyntheticDataset.write(to: root, configuration: configuration)
    #expect(summary.images == ["S9_REPORTS_FFA": 20])
    struct Case: Decodable {
      let paths: [String]
      let report: String

      enum CodingKeys: String, CodingKey {
        case paths = "Image_path"
        case report = "En_Report"
      }
    }
    let file = root.appending(path: "manifests/ffa_ir.json")
    let splits = try JSONDecoder().decode(
      [String: [String: Case]].self, from: Data(contentsOf: file))
    #expect(splits.mapValues(\.count) == ["train": 7, "val": 1, "test": 2])
    let cases = splits.values.flatMap(\.values)
    #expect(Set(cases.flatMap(\.paths)).count == 20)
    for one in cases {
      #expect(one.paths.count == 2)
      #expect(one.report.contains("phases"))
      for path in one.paths {
        #expect(FileManager.default.fileExists(atPath: root.appending(path: path).path))
      }
    }
    configuration.imagesPerReport = 5
    #expect(throws: SyntheticDatasetError.self) {
      try SyntheticDataset.write(
        to: folder.url.appending(path: "more"), configuration: configuration)
    }
  }
}
