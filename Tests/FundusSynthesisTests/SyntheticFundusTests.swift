import Foundation
import FundusSynthesis
import Testing

@Suite struct SyntheticFundusTests {
  private func eye(
    _ modality: ImagingModality, _ findings: [SyntheticFundus.Request] = [], seed: UInt64 = 5
  ) -> SyntheticFundus {
    SyntheticFundus(
      modality: modality, findings: findings, laterality: .right, phase: .late, seed: seed)
  }

  @Test(arguments: ImagingModality.allCases)
  func theSeedDecidesEverything(_ modality: ImagingModality) {
    let request = SyntheticFundus(modality: modality, disease: .macularHole, seed: 11)
    let first = request.render(size: 64)
    let second = request.render(size: 64)
    #expect(first.pixels == second.pixels)
    #expect(first.masks == second.masks)
    #expect(first.caption(in: .chinese) == second.caption(in: .chinese))
    let other = SyntheticFundus(modality: modality, disease: .macularHole, seed: 12)
    #expect(other.render(size: 64).pixels != first.pixels)
  }

  @Test(arguments: [16, 33, 100]) func anySizeIsFilled(_ size: Int) {
    for modality in ImagingModality.allCases {
      let drawn = SyntheticFundus(modality: modality, disease: .drusens, seed: 3).render(size: size)
      #expect(drawn.size == size && drawn.pixels.count == 3 * size * size)
      #expect(drawn.masks.values.allSatisfy { $0.count == size * size })
      #expect(drawn.pixels.max()! > 90)
    }
  }

  /// The mean of each 2 x 2 block resembles the image that is drawn at half the size.
  @Test(arguments: ImagingModality.allCases)
  func aSmallerImageShowsTheSameEye(_ modality: ImagingModality) {
    let large = eye(modality).render(size: 128).pixels.map { Float($0) }
    let small = eye(modality).render(size: 64).pixels.map { Float($0) }
    var halved: [Float] = []
    for y in 0..<64 {
      for x in 0..<64 {
        for channel in 0..<3 {
          let corner = (2 * y * 128 + 2 * x) * 3 + channel
          halved.append(
            (large[corner] + large[corner + 3] + large[corner + 384] + large[corner + 387]) / 4)
        }
      }
    }
    let count = Float(small.count)
    let (a, b) = (small.reduce(0, +) / count, halved.reduce(0, +) / count)
    let products = zip(small, halved).map { ($0 - a) * ($1 - b) }.reduce(0, +)
    let squares = small.map { ($0 - a) * ($0 - a) }.reduce(0, +)
    let others = halved.map { ($0 - b) * ($0 - b) }.reduce(0, +)
    let correlation = products / (squares * others).squareRoot()
    #expect(correlation > 0.85, "\(correlation)")
  }

  /// A mask must lie where the finding changes the image, and within the field of view.
  @Test(arguments: ImagingModality.allCases)
  func masksLieWhereTheImageChanges(_ modality: ImagingModality) {
    var count = 0
    for kind in FindingKind.allCases {
      let drawn = eye(modality, [.init(kind, severity: 0.8)]).render(size: 128)
      guard let mask = drawn.masks[kind] else { continue }
      count += 1
      let healthy = eye(modality).render(size: 128)
      var (inside, outside, covered, black) = (0, 0, 0, 0)
      for index in mask.indices {
        let channels = 3 * index..<3 * index + 3
        let change = channels.reduce(0) {
          $0 + abs(Int(drawn.pixels[$1]) - Int(healthy.pixels[$1]))
        }
        if mask[index] == 0 {
          outside += change
          continue
        }
        inside += change
        covered += 1
        if channels.allSatisfy({ drawn.pixels[$0] < 3 && healthy.pixels[$0] < 3 }) { black += 1 }
      }
      #expect(covered > 0, "\(kind)")
      guard covered > 0 else { continue }
      let within = Double(inside) / Double(covered)
      let beside = Double(outside) / Double(mask.count - covered)
      #expect(within > 2 * beside, "\(kind): \(within) within, \(beside) beside the mask")
      if modality != .coherenceTomography { #expect(black == 0, "\(kind)") }
    }
    #expect(count >= (modality == .coherenceTomography ? 6 : 15), "\(count)")
  }

  /// What a severity of nearly nothing and of all asks for is ordered as it should be.
  @Test func severityChangesMore() {
    for kind in [FindingKind.hardExudates, .drusen, .mediaHaze, .laserScars, .retinalWhitening] {
      let healthy = eye(.colorFundus).render(size: 96).pixels
      let changes = [Float(0.1), 1].map { severity in
        zip(eye(.colorFundus, [.init(kind, severity: severity)]).render(size: 96).pixels, healthy)
          .reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
      }
      #expect(changes[0] < changes[1], "\(kind): \(changes)")
    }
  }

  @Test func labelsFollowTheRequest() {
    #expect(eye(.colorFundus).render(size: 32).labels == ["normal"])
    #expect(
      eye(.colorFundus, [.init(.hardExudates), .init(.cottonWoolSpots)]).render(size: 32).labels
        == ["hard exudates", "cotton wool spots"])
    for disease in FundusDisease.allCases {
      let drawn = SyntheticFundus(disease: disease, seed: 1).render(size: 16)
      #expect(drawn.labels == [disease.label])
    }
  }
}
