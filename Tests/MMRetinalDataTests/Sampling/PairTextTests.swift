import Foundation
import MMRetinalData
import Testing

private func labeled(
  _ categories: [String], attributes: [String] = [], image: String = "d/x.png",
  modality: ImagingModality = .colorFundus
) throws -> ManifestRow {
  try ManifestRow(
    image: image, modality: modality,
    content: .labels(attributes: attributes, categories: categories))
}

@Suite struct PairTextTests {
  private func texts(_ rules: PairTextRules, _ row: ManifestRow, draws: Int = 400) -> [String: Int]
  {
    var counts: [String: Int] = [:]
    for seed in 0..<draws {
      var random = RandomStream(seed: UInt64(seed))
      counts[rules.text(for: row, using: &random).text, default: 0] += 1
    }
    return counts
  }

  @Test func fillsTemplatesAsPublished() {
    let template = PromptTemplates.training.colorFundus
    #expect(
      PromptTemplates.text(template, attribute: "", category: "glaucoma")
        == "A fundus photograph of glaucoma")
    #expect(
      PromptTemplates.text(template, attribute: "noisy", category: "")
        == "A noisy fundus photograph of ")
    // One pass: three spaces become two.
    #expect(PromptTemplates.text("a   b", attribute: "", category: "") == "a  b")
    #expect(PromptTemplates.text("[CLS][CLS]", attribute: "", category: "x") == "xx")
    #expect(
      PromptTemplates.prompt(PromptTemplates.inference[.angiography], category: "edema")
        == "A fundus fluorescein angiography of edema")
  }

  @Test func drawsOneAttributeAndOneCategory() throws {
    let row = try labeled(["a", "b"], attributes: ["noisy", "clean"])
    let counts = texts(PairTextRules(), row)
    #expect(
      Set(counts.keys) == [
        "A noisy fundus photograph of a", "A noisy fundus photograph of b",
        "A clean fundus photograph of a", "A clean fundus photograph of b",
      ])
    // 100 expected each; five standard deviations.
    #expect(counts.values.allSatisfy { abs($0 - 100) < 45 })
    var random = RandomStream(seed: 1)
    #expect(PairTextRules().text(for: try labeled([]), using: &random).category == "")
  }

  @Test func choosesTheSentenceByModality() throws {
    var random = RandomStream(seed: 1)
    let row = try labeled(["drusen"], modality: .coherenceTomography)
    #expect(
      PairTextRules().text(for: row, using: &random).text
        == "A optical coherence tomography of drusen")
  }

  @Test func augmentsDescriptionsButNotTheCategory() throws {
    let knowledge = Knowledge([
      Knowledge.Entry(category: "glaucoma", descriptors: ["large cup", "thin rim"]),
      Knowledge.Entry(category: "cotton wool spots", descriptors: ["cotton wool spots"]),
    ])
    let rules = PairTextRules(knowledge: knowledge)
    let counts = texts(rules, try labeled(["glaucoma"]), draws: 900)
    #expect(
      Set(counts.keys)
        == Set(["glaucoma", "large cup", "thin rim"].map { "A fundus photograph of \($0)" }))
    #expect(counts.values.allSatisfy { abs($0 - 300) < 75 })
    var random = RandomStream(seed: 5)
    #expect(
      rules.text(for: try labeled(["glaucoma"]), using: &random).category == "glaucoma")
    // An excluded dataset, an unknown label, and the exclusion that the release misspells.
    #expect(texts(rules, try labeled(["glaucoma"], image: "11_STARE/x.png")).count == 1)
    #expect(texts(rules, try labeled(["Glaucoma"])).count == 1)
    #expect(texts(rules, try labeled(["glaucoma"], image: "06_DEN/x.png")).count == 3)
    var corrected = rules
    corrected.exclusions = Knowledge.intendedExclusions
    #expect(texts(corrected, try labeled(["glaucoma"], image: "06_DEN/x.png")).count == 1)
  }

  @Test func choosesTheLanguage() throws {
    let row = try ManifestRow(
      image: "a", content: .captions([.english: "A [CLS]  disc", .chinese: "视盘"]))
    var rules = PairTextRules(knowledge: .builtin)
    #expect(texts(rules, row) == ["A [CLS]  disc": 400])
    rules.caption = .language(.chinese)
    #expect(texts(rules, row) == ["视盘": 400])
    rules.caption = .any
    #expect(texts(rules, row).count == 2)
    rules.caption = .language(.chinese)
    let english = try ManifestRow(image: "b", content: .captions([.english: "x"]), line: 7)
    let manifest = Manifest(name: "m", root: URL(filePath: "/d"), rows: [row, english])
    #expect(rules.missingCaptions(in: manifest).map(\.line) == [7])
    #expect(throws: TextFileError.self) { try PairDataset([manifest], rules: rules) }
  }

  @Test func bansCategories() throws {
    let rows = try [
      ["normal"], ["cataract"], ["no cataract"], ["normal", "myope"], ["chorioretinitis"], [],
    ].map { try labeled($0) }
    let manifest = Manifest(name: "m", root: URL(filePath: "/d"), rows: rows)
    #expect(
      manifest.withoutCategories().rows.map(\.categories)
        == [["normal"], ["no cataract"], ["chorioretinitis"], []])
    #expect(
      manifest.withoutCategories(rule: .substring).rows.map(\.categories) == [["normal"], []])
    #expect(manifest.withoutCategories(["normal"]).rows.count == 4)
  }

  @Test func takesSubsets() throws {
    let rows = try (0..<101).map { try labeled(["\($0)"]) }
    let manifest = Manifest(name: "m", root: URL(filePath: "/d"), rows: rows)
    let half = manifest.subset(fraction: 0.5, seed: 3)
    #expect(half.rows.count == 50)
    #expect(Set(half.rows.map(\.categories)).count == 50)
    #expect(half.rows == manifest.subset(fraction: 0.5, seed: 3).rows)
    #expect(half.rows != manifest.subset(fraction: 0.5, seed: 4).rows)
    #expect(
      half.rows.compactMap { Int($0.categories[0]) }.sorted()
        == half.rows.compactMap { Int($0.categories[0]) })
    #expect(manifest.subset(fraction: 1, seed: 3).rows == manifest.rows)
  }

  @Test func normalizesLabels() throws {
    let row = try labeled([
      "age-related macular degeneration", "severe diabetic retinopathy.", "Normal",
    ])
    let manifest = Manifest(name: "m", root: URL(filePath: "/d"), rows: [row]).normalizingLabels()
    #expect(
      manifest.rows[0].categories == [
        "age related macular degeneration", "severe diabetic retinopathy", "normal",
      ])
  }
}
