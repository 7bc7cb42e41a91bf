import Foundation
import MMRetinalData
import Testing

@Suite struct DatasetBuildTests {
  let directory = try! TemporaryDirectory()

  /// An image of one modality: orange, gray or nearly black, with a texture of its own.
  private func image(_ modality: ImagingModality, _ seed: UInt64, side: Int = 40) -> FundusImage {
    var random = RandomStream(seed: seed)
    let cells = (0..<25).map { _ in random.uniform() }
    var pixels: [UInt8] = []
    for y in 0..<side {
      for x in 0..<side {
        let cell = cells[(y * 5 / side) * 5 + x * 5 / side]
        let level: [Float] =
          switch modality {
          case .colorFundus: [200, 100, 40]
          case .angiography: [120, 120, 120]
          case .coherenceTomography: y * 4 < side ? [150, 150, 150] : [6, 6, 6]
          }
        pixels += level.map { UInt8($0 * (0.75 + 0.25 * cell)) }
      }
    }
    return FundusImage(width: side, height: side, pixels: pixels)
  }

  @Test func hsvFollowsOpenCV() {
    // A pure color fills one bin; the bins are hue-major.
    func bin(_ r: UInt8, _ g: UInt8, _ b: UInt8) -> Int? {
      ColorHistogram(of: FundusImage(width: 1, height: 1, pixels: [r, g, b])).bins
        .firstIndex { $0 == 1 }
    }
    #expect(bin(255, 0, 0) == 0 * 64 + 7 * 8 + 7)
    #expect(bin(0, 255, 0) == (8 * 60 / 180) * 64 + 7 * 8 + 7)
    #expect(bin(0, 0, 255) == (8 * 120 / 180) * 64 + 7 * 8 + 7)
    #expect(bin(128, 128, 128) == 4)
    #expect(bin(0, 0, 0) == 0)
    #expect(bin(255, 0, 1) == 0 + 7 * 8 + 7)
    #expect(bin(255, 0, 30) == (8 * 176 / 180) * 64 + 7 * 8 + 7)
  }

  @Test func hashesSurviveResizing() {
    let one = DifferenceHash(of: image(.colorFundus, 1, side: 90))
    let small = DifferenceHash(of: image(.colorFundus, 1, side: 180))
    let other = DifferenceHash(of: image(.colorFundus, 2, side: 90))
    #expect(one.distance(to: small) <= 3)
    #expect(one.distance(to: other) > 8)
    #expect(one.description.count == 16)
    #expect(DifferenceHash.groups([one, other, small, other], within: 3) == [[0, 2], [1, 3]])
    #expect(DifferenceHash.groups([one, other]).isEmpty)
    // Brighter to the right everywhere: all bits set.
    var ramp: [UInt8] = []
    for index in 0..<8 * 18 { ramp += [UInt8](repeating: UInt8(index % 18 * 10), count: 3) }
    #expect(DifferenceHash(of: FundusImage(width: 18, height: 8, pixels: ramp)).bits == .max)
  }

  @Test func clustersPoints() {
    var random = RandomStream(seed: 1)
    let centers: [[Float]] = [[0, 0], [10, 0], [0, 10]]
    let points = (0..<90).map { index in centers[index % 3].map { $0 + random.normal() } }
    let result = KMeans(points, clusters: 3, seed: 5)
    for index in points.indices { #expect(result.labels[index] == result.labels[index % 3]) }
    #expect(Set(result.labels).count == 3)
    #expect(KMeans(points, clusters: 3, seed: 5).labels == result.labels)
    let same = KMeans([[1], [1], [1]], clusters: 3)
    #expect(same.inertia == 0)
  }

  @Test func sortsModalities() {
    let kinds = (0..<60).map { ImagingModality.allCases[$0 % 3] }
    let histograms = kinds.enumerated().map {
      ColorHistogram(of: image($0.element, UInt64($0.offset)))
    }
    let verdicts = ModalitySorting(histograms).verdicts
    #expect(verdicts.map(\.modality) == kinds)
    let references = Dictionary(uniqueKeysWithValues: zip(kinds, histograms.prefix(3)))
    #expect(ModalitySorting(histograms, references: references).verdicts.map(\.modality) == kinds)
  }

  @Test func buildsManifests() throws {
    let images = directory.url.appending(path: "atlas")
    for (seed, name) in ["1-1A.png", "01-01B.png", "1-2.png", "1-3A.png", "1-3C.png", "2-1.png"]
      .enumerated()
    {
      try directory.write(
        image(.colorFundus, seed == 5 ? 2 : UInt64(seed)).pngData(), to: "atlas/figure" + name)
    }
    try directory.write("broken", to: "atlas/figure3-1.png")
    try directory.write("x", to: "atlas/notes.txt")
    let text = try directory.write(
      """
      Chapter 1
      图1-1 正常眼底 A. 右眼 B. 左眼 Fig. 1-1 Normal fundus. A. Right eye. B. Left eye.
      Fig. 1-2 Drusen, the "soft" kind
      FIGURE 1-3. Edema. A. Early. B. Late.
      FIGURE 1-3. Another text
      FIGURE 9-9. No image
      FIGURE 3-1. A broken image
      """, to: "captions.txt")
    let build = try DatasetBuild(
      images: images, captions: DatasetBuild.captions(contentsOf: text),
      modalities: .all(.colorFundus))
    let manifest = try #require(build.manifests[.colorFundus])
    #expect(
      manifest.rows.map(\.image) == [
        "atlas/figure1-1A.png", "atlas/figure01-01B.png", "atlas/figure1-2.png",
        "atlas/figure1-3A.png", "atlas/figure1-3C.png",
      ])
    #expect(
      manifest.rows.map { $0.caption(in: .english) } == [
        "Normal fundus. Right eye.", "Normal fundus. Left eye.", "Drusen, the \"soft\" kind",
        "Edema. Early.", "Edema. A. Early. B. Late.",
      ])
    #expect(manifest.rows[1].caption(in: .chinese) == "正常眼底。左眼")
    #expect(
      build.remarks.map { "\($0.kind.rawValue) \($0.subject)" } == [
        "repeated_caption 1-3", "odd_name notes.txt", "unreadable_image figure3-1.png",
        "similar_image figure2-1.png", "missing_panel 1-3", "panel_not_marked figure1-3C.png",
        "no_caption figure2-1.png", "unused_caption 9-9",
      ])
    // What was built reads back, and the same input gives the same output.
    let file = try directory.write(manifest.csv(), to: "m.csv")
    let back = try Manifest(contentsOf: file, root: directory.url)
    #expect(back.rows.map(\.content) == manifest.rows.map(\.content))
    #expect(ManifestValidation(checking: [.init(file: file, root: directory.url)]).isSound)
    let again = try DatasetBuild(
      images: images, captions: DatasetBuild.captions(contentsOf: text),
      modalities: .all(.colorFundus))
    #expect(again.remarks == build.remarks)
    #expect(again.manifests[.colorFundus]?.rows == manifest.rows)
  }

  @Test func readsCaptionTables() throws {
    let file = try directory.write(
      "figure,caption,caption_zh\n1-1,\"A, b\",视盘\n", to: "c.csv")
    #expect(
      try DatasetBuild.captions(contentsOf: file)
        == [FigureCaption(figure: "1-1", english: "A, b", chinese: "视盘")])
    let empty = try directory.write("nothing here\n", to: "c.txt")
    #expect(throws: TextFileError.self) { try DatasetBuild.captions(contentsOf: empty) }
  }
}
