import Foundation
import FundusSynthesis
import MMRetinalData
import TestSupport
import Testing

@Suite struct ImageQualityTests {
  private func photograph(_ seed: UInt64, size: Int = 320) -> FundusImage {
    SyntheticFundus(modality: .colorFundus, seed: seed).render(size: size).image
  }

  private func changed(_ image: FundusImage, _ change: (Float) -> Float) -> FundusImage {
    FundusImage(
      width: image.width, height: image.height,
      pixels: image.pixels.map { UInt8(min(max(change(Float($0)), 0), 255)) })
  }

  /// The mean over squares, three times.
  private func blurred(_ image: FundusImage, radius: Int) -> FundusImage {
    var pixels = image.pixels.map(Float.init)
    let (width, height) = (image.width, image.height)
    func pass(_ count: Int, _ step: Int, _ starts: [Int]) {
      for start in starts {
        let line = (0..<count).map { pixels[start + $0 * step] }
        for index in 0..<count {
          let range = max(0, index - radius)..<min(count, index + radius + 1)
          pixels[start + index * step] = line[range].reduce(0, +) / Float(range.count)
        }
      }
    }
    for _ in 0..<3 {
      pass(width, 3, (0..<height).flatMap { row in (0..<3).map { row * width * 3 + $0 } })
      pass(height, width * 3, Array(0..<width * 3))
    }
    return FundusImage(width: width, height: height, pixels: pixels.map { UInt8($0.rounded()) })
  }

  @Test func goodImagesHaveNoIssues() {
    for seed in 40..<45 as Range<UInt64> {
      let quality = ImageQuality(of: photograph(seed))
      #expect(quality.issues.isEmpty, "seed \(seed): \(quality)")
      #expect(quality.text == "ok")
    }
  }

  @Test(arguments: [60, 63] as [UInt64]) func eachFaultIsFound(seed: UInt64) {
    let image = photograph(seed)
    #expect(ImageQuality(of: blurred(image, radius: 2)).issues == [.blurred])
    #expect(ImageQuality(of: changed(image) { $0 * 0.3 }).issues.contains(.dark))
    #expect(ImageQuality(of: changed(image) { $0 * 3.2 }).issues.contains(.overexposed))
    let right = image.cropped(rows: 0..<image.height, columns: image.width * 2 / 5..<image.width)
    #expect(ImageQuality(of: right).issues.contains(.fieldCut))
    var pixels = image.pixels
    for row in 0..<image.height {
      for index in row * image.width * 3..<(row * image.width + image.width * 2 / 5) * 3 {
        pixels[index] = 0
      }
    }
    let covered = FundusImage(width: image.width, height: image.height, pixels: pixels)
    #expect(ImageQuality(of: covered).issues.contains(.fieldCut))
  }

  @Test func otherImagesAreNamed() {
    for modality in [ImagingModality.angiography, .coherenceTomography] {
      let image = SyntheticFundus(modality: modality, seed: 903).render(size: 200).image
      #expect(ImageQuality(of: image).issues == [.notColorFundus], "\(modality)")
    }
    let graph = SyntheticDecoy(kind: .graph, seed: 700).render(size: 200)
    #expect(ImageQuality(of: graph).issues.contains(.notColorFundus))
    for level: UInt8 in [0, 128, 255] {
      for side in [1, 40] {
        let flat = FundusImage(
          width: side, height: side, pixels: .init(repeating: level, count: 3 * side * side))
        #expect(!ImageQuality(of: flat).issues.isEmpty || side == 1, "level \(level)")
      }
    }
  }

  @Test func aLargeFileGivesTheAnswerOfItsPixels() throws {
    let folder = try TemporaryDirectory()
    let url = folder.url.appending(path: "large.jpg")
    let image = photograph(71, size: 1600)
    try image.writeJPEG(to: url, quality: 92, force: true)
    let (file, pixels) = (try ImageQuality(contentsOf: url), ImageQuality(of: image))
    #expect(file.issues == pixels.issues && file.issues.isEmpty)
    #expect(abs(file.brightness - pixels.brightness) < 0.02)
  }
}
