import FundusSynthesis
import MMRetinalData
import ModalityMix
import Testing

@Suite struct ModalityClassifierTests {
  private let classifier = ModalityClassifier()

  /// Another seed than those that the weights were trained and chosen on. On 4,000 images 99 % are right;
  /// 320 leave room for chance.
  @Test func recognizesImagesOfAnotherSeed() {
    let mix = ModalityMix(seed: 20)
    var wrong = 0, sure = 0
    for index in 0..<320 {
      let sample = mix[index]
      let found = classifier.modality(of: sample.image)
      #expect((0...1).contains(found.margin))
      guard found.modality != sample.modality else { continue }
      wrong += 1
      if found.margin > ModalityClassifier.reviewMargin { sure += 1 }
    }
    #expect(wrong <= 10 && sure <= 3, "\(wrong) wrong, \(sure) of them without review")
  }

  @Test(arguments: ImagingModality.allCases)
  func recognizesRenderedImages(_ modality: ImagingModality) {
    for seed in 900..<910 as Range<UInt64> {
      let image = SyntheticFundus(modality: modality, seed: seed).render(size: 160).image
      #expect(classifier.modality(of: image).modality.rawValue == modality.rawValue)
    }
  }

  @Test func codesLogosAndPrintAreOther() {
    for kind in [SyntheticDecoy.Kind.code, .print, .graph, .table, .diagram, .visualField] {
      for seed in 700..<704 as Range<UInt64> {
        let image = SyntheticDecoy(kind: kind, seed: seed).render(size: 200)
        #expect(classifier.modality(of: image).modality == .other, "\(kind) \(seed)")
      }
    }
  }

  @Test func takesAnyImage() {
    for (width, height) in [(1, 1), (2, 1), (1, 300), (300, 2), (7, 5)] {
      for level: UInt8 in [0, 128, 255] {
        let image = FundusImage(
          width: width, height: height,
          pixels: [UInt8](repeating: level, count: 3 * width * height))
        let probabilities = classifier.probabilities(of: image)
        #expect(abs(probabilities.values.reduce(0, +) - 1) < 1e-4)
      }
    }
  }

  @Test func decoysFollowFromTheirSeed() {
    for kind in SyntheticDecoy.Kind.allCases {
      let image = SyntheticDecoy(kind: kind, seed: 5).render(size: 64)
      #expect(max(image.width, image.height) == 64)
      #expect(image.pixels == SyntheticDecoy(kind: kind, seed: 5).render(size: 64).pixels)
      #expect(image.pixels != SyntheticDecoy(kind: kind, seed: 6).render(size: 64).pixels)
    }
  }
}
