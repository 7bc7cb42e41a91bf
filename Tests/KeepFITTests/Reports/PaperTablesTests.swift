import KeepFIT
import Testing

/// The paper prints the average of every row of its tables, so that a misread digit would show.
@Suite struct PaperTablesTests {
  private func average(of model: String, probe: Bool) throws -> Double {
    var values: [Double] = []
    for experiment in PaperTables.experiments {
      let publication = try #require(PaperTables.publication(for: experiment))
      values += publication.figures.filter { figure in
        figure.model == model && (figure.method == .linearProbe) == probe
          && figure.shots != .percent(20)
      }.map(\.value)
    }
    #expect(values.count == (probe ? 6 : 12))
    return (values.reduce(0, +) / Double(values.count) * 1000).rounded() / 1000
  }

  @Test(arguments: [
    ("FLAIR, flair", 0.588, 0.822), ("FLAIR, flair+syn", 0.682, 0.839),
    ("KeepFIT, flair", 0.795, 0.840), ("KeepFIT, flair+syn", 0.793, 0.848),
    ("KeepFIT, 50% flair+MM (released)", 0.856, 0.871),
    ("KeepFIT, flair+MM (released)", 0.844, 0.875),
  ])
  func averagesAreThoseThatThePaperPrints(model: String, few: Double, probe: Double) throws {
    #expect(try average(of: model, probe: false) == few)
    #expect(try average(of: model, probe: true) == probe)
  }

  @Test func otherModelsHaveProbesOnly() throws {
    #expect(try average(of: "multi-task (MoE), flair", probe: true) == 0.450)
    #expect(try average(of: "RETFound, its own", probe: true) == 0.821)
    #expect(PaperTables.publication(for: "02_MESSIDOR") == nil)
    #expect(PaperTables.publication(for: "25_REFUGE")?.caution?.contains("80 %") == true)
    #expect(PaperTables.publication(for: "AMD")?.caution == nil)
  }
}
