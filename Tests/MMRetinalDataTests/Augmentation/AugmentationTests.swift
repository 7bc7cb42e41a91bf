import Foundation
import MMRetinalData
import TestSupport
import Testing

private typealias Goldens = PreprocessingGoldens

@Suite struct AugmentationTests {
  @Test func changesImagesLikeKornia() {
    let goldens = Goldens.shared.augmentations
    let size = goldens.size
    let image = Tensor(Goldens.floats(goldens.input), shape: [1, size, size, 3])
    #expect(goldens.cases.count == 8)
    for golden in goldens.cases {
      let choice = Augmentation.Choice(
        flips: golden.flips ?? false, affine: golden.affine, jitter: golden.jitter)
      let order = golden.order ?? [.hue, .contrast, .brightness, .saturation]
      let result = Augmentation.apply([choice], order: order, to: image)
      let difference = Goldens.difference(result.scalars, Goldens.floats(golden.result))
      #expect(difference <= 1e-5, "\(golden.name): \(difference)")
    }
  }

  @Test func happensAsOftenAsItShould() {
    let augmentation = Augmentation.published
    let stream = RandomStream(seed: 1)
    let choices = (0..<20_000).map {
      augmentation.choice(sample: $0 % 500, epoch: $0 / 500, stream: stream)
    }
    func share(_ isTrue: (Augmentation.Choice) -> Bool) -> Double {
      Double(choices.count(where: isTrue)) / Double(choices.count)
    }
    // Five standard deviations of a share of 20,000 draws are below 0.018.
    #expect(abs(share { $0.flips } - 0.5) <= 0.018)
    #expect(abs(share { $0.affine != nil } - 0.25) <= 0.018)
    #expect(abs(share { $0.jitter != nil } - 0.25) <= 0.018)
    #expect(abs(share { $0.affine != nil && $0.jitter != nil } - 0.0625) <= 0.018)
    let affines = choices.compactMap(\.affine)
    #expect(affines.allSatisfy { abs($0.angle) <= 5 && (0.9...1).contains($0.scale) })
    #expect(abs(affines.map(\.angle).reduce(0, +) / Float(affines.count)) <= 0.25)
    #expect(affines.map(\.angle).max()! > 4.9 && affines.map(\.scale).min()! < 0.901)
    let jitters = choices.compactMap(\.jitter)
    #expect(
      jitters.allSatisfy {
        (0.8...1.2).contains($0.brightness) && (0.8...1.2).contains($0.contrast)
      })
    let orders = Set((0..<600).map { augmentation.order(batch: $0, epoch: 0, stream: stream) })
    #expect(orders.count == 24)
  }

  @Test func dependsOnSeedEpochAndSampleAlone() throws {
    let stream = RandomStream(seed: 8)
    let values = (0..<3600).map { Float($0 % 97) / 96 }
    let images = Tensor(values, shape: [3, 20, 20, 3])
    var certain = Augmentation()
    certain.affineProbability = 1
    certain.jitterProbability = 1
    func augmented(_ samples: [Int], epoch: Int = 2) -> Tensor {
      certain.augment(images, samples: samples, batch: 0, epoch: epoch, stream: stream)
    }
    let first = augmented([4, 5, 6]).scalars
    #expect(augmented([4, 5, 6]).scalars == first)
    #expect(augmented([4, 7, 6]).scalars.prefix(1200) == first.prefix(1200))
    #expect(augmented([4, 5, 6], epoch: 3).scalars != first)
    for threads in [1, 4] {
      #expect(try withThreads(threads) { augmented([4, 5, 6]).scalars } == first)
    }
    #expect(first.allSatisfy { (0...1).contains($0) })
  }
}
