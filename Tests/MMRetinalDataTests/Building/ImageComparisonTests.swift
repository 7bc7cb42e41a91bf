import Foundation
import MMRetinalData
import Testing

@Suite struct ImageComparisonTests {
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
    // Brighter to the right everywhere: all bits set.
    var ramp: [UInt8] = []
    for index in 0..<8 * 18 { ramp += [UInt8](repeating: UInt8(index % 18 * 10), count: 3) }
    #expect(DifferenceHash(of: FundusImage(width: 18, height: 8, pixels: ramp)).bits == .max)
  }

  @Test func theIndexFindsWhatComparingAllFinds() {
    // A base, and copies whose hash differs in 0 to 8 bits: a notch in the ramp flips two bits of a row.
    var fingerprints: [ImageFingerprint] = []
    for index in 0..<200 {
      var random = RandomStream(seed: UInt64(index % 40))
      var levels = (0..<72).map { _ in UInt8(random.index(below: 256)) }
      for _ in 0..<index / 40 { levels[random.index(below: 72)] = UInt8(random.index(below: 256)) }
      let pixels = levels.flatMap { [$0, $0, $0] }
      fingerprints.append(ImageFingerprint(of: FundusImage(width: 9, height: 8, pixels: pixels)))
    }
    let index = FingerprintIndex(fingerprints)
    let expected = fingerprints.indices.map { second in
      (0..<second).first { fingerprints[$0].resembles(fingerprints[second]) }
    }
    #expect(fingerprints.indices.map(index.match) == expected)
    #expect(expected.count { $0 != nil } > 40 && expected.count { $0 == nil } > 40)
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
}
