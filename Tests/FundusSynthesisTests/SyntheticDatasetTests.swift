import Foundation
import FundusSynthesis
import TestSupport
import Testing

@Suite struct SyntheticDatasetTests {
  let directory = try! TemporaryDirectory()

  private var small: SyntheticDataset.Configuration {
    var configuration = SyntheticDataset.Configuration()
    configuration.size = 32
    configuration.publicCount = 20
    configuration.expertCount = 12
    configuration.angiogramCount = 4
    configuration.tomogramCount = 4
    configuration.testPerClass = 1
    return configuration
  }

  /// Every file below a directory, by its path.
  private func contents(_ root: URL) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: root.path) {
      let file = root.appending(path: name)
      var isDirectory: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: file.path, isDirectory: &isDirectory)
      if !isDirectory.boolValue { files[name] = try Data(contentsOf: file) }
    }
    return files
  }

  @Test func theSameFilesOnAnyNumberOfThreads() throws {
    var written: [[String: Data]] = []
    for threads in [1, 3] {
      let out = directory.url.appending(path: "t\(threads)")
      written.append(
        try withThreads(threads) {
          try? FileManager.default.removeItem(at: out)
          try SyntheticDataset.write(to: out, configuration: small)
          return try contents(out)
        })
    }
    #expect(written[0] == written[1])
    #expect(written[0].count > 58)
    var other = small
    other.seed = 43
    let out = directory.url.appending(path: "other")
    try SyntheticDataset.write(to: out, configuration: other)
    #expect(try contents(out)["S4_EXPERT/00000.jpg"] != written[0]["S4_EXPERT/00000.jpg"])
  }

  @Test func whatIsWrittenIsWhatTheManifestsSay() throws {
    var configuration = small
    configuration.format = .png
    let out = directory.url.appending(path: "eyes")
    let summary = try SyntheticDataset.write(to: out, configuration: configuration)
    let manifests = out.appending(path: "manifests")
    func manifest(_ name: String, _ form: Manifest.Form) throws -> Manifest {
      try Manifest(contentsOf: manifests.appending(path: name + ".csv"), root: out, form: form)
    }
    let labeled = try manifest("public", .labels)
    #expect(labeled.rows.count == 20)
    let hidden = Set(configuration.unseen.map(\.label))
    #expect(labeled.rows.allSatisfy { hidden.isDisjoint(with: $0.categories) })
    let unseen = try manifest("unseen", .labels)
    #expect(unseen.rows.map { $0.categories[0] } == configuration.unseen.map(\.label))
    let seen = try manifest("seen", .labels)
    #expect(hidden.isDisjoint(with: seen.rows.map { $0.categories[0] }))
    let modalities: [String: ImagingModality] = [
      "expert": .colorFundus, "expert_ffa": .angiography, "expert_oct": .coherenceTomography,
    ]
    for (name, modality) in modalities {
      let expert = try manifest(name, .captions)
      #expect(expert.rows.count == (modality == .colorFundus ? 12 : 4))
      for row in expert.rows {
        #expect(row.modality == modality)
        #expect(row.caption(in: .english)?.hasSuffix(".") == true)
        #expect(row.caption(in: .chinese)?.hasSuffix("。") == true)
      }
    }
    var counts: [String: Int] = [:]
    for name in ["public", "expert", "expert_ffa", "expert_oct", "seen", "unseen"] {
      let form: Manifest.Form = name.hasPrefix("expert") ? .captions : .labels
      for row in try manifest(name, form).rows {
        let image = try FundusImage(contentsOf: out.appending(path: row.image))
        #expect(image.width == 32 && image.height == 32)
        counts[row.dataset, default: 0] += 1
      }
    }
    #expect(counts == summary.images)
    let lines = try String(contentsOf: manifests.appending(path: "masks.csv"), encoding: .utf8)
      .split(separator: "\n").dropFirst()
    #expect(lines.count == summary.masks && summary.masks > 10)
    for line in lines {
      let mask = try FundusImage(
        contentsOf: out.appending(path: String(line.split(separator: ",")[3])))
      #expect(mask.pixels.allSatisfy { $0 == 0 || $0 == 255 })
    }
  }

  @Test func onlyADatasetIsReplaced() throws {
    var tiny = small
    tiny.publicCount = 5
    (tiny.expertCount, tiny.angiogramCount, tiny.tomogramCount) = (0, 0, 0)
    tiny.testPerClass = 0
    let out = directory.url.appending(path: "data")
    try SyntheticDataset.write(to: out, configuration: tiny)
    #expect(throws: SyntheticDatasetError.exists(out.path)) {
      try SyntheticDataset.write(to: out, configuration: tiny)
    }
    tiny.publicCount = 6
    let again = try SyntheticDataset.write(to: out, configuration: tiny, force: true)
    #expect(again.images.values.reduce(0, +) == 6)
    try directory.write("mine", to: "home/thesis.txt")
    let home = directory.url.appending(path: "home")
    #expect(throws: SyntheticDatasetError.notADataset(home.path)) {
      try SyntheticDataset.write(to: home, configuration: tiny, force: true)
    }
    #expect(try contents(home).keys.sorted() == ["thesis.txt"])
    let empty = directory.url.appending(path: "empty")
    try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
    try SyntheticDataset.write(to: empty, configuration: tiny, force: true)
    // Nothing half done stays behind.
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
    #expect(!names.contains { $0.contains("partial") })
  }

  @Test func impossibleWishesAreNamed() {
    func refusal(_ change: (inout SyntheticDataset.Configuration) -> Void) -> String {
      var configuration = small
      change(&configuration)
      do {
        try SyntheticDataset.write(
          to: directory.url.appending(path: "never"), configuration: configuration)
        return ""
      } catch {
        return error.description
      }
    }
    #expect(refusal { $0.size = 8 }.contains("32 to 4096 pixels"))
    #expect(refusal { $0.labelNoise = 0.7 }.contains("0.7"))
    #expect(refusal { $0.publicCount = -1 }.contains("-1"))
    #expect(refusal { $0.unseen = [.normal] }.contains("normal"))
    #expect(refusal { $0.unseen = [.cataract, .cataract] }.contains("differ"))
  }
}
