import Foundation
import FundusTensor
import MMRetinalData
import TestSupport
import Testing

/// Scripts/goldens/pillow_resize.py writes the reference.
@Suite struct ReportImagesTests {
  private struct Picture: Decodable {
    let width: Int, height: Int
    let pixels: [UInt8]
    var image: FundusImage { FundusImage(width: width, height: height, pixels: pixels) }
  }

  private struct Case: Decodable {
    let width: Int, height: Int
    let pixels: [UInt8]
    let resized: Picture
  }

  @Test func resizesAsPillowDoes() throws {
    let url = try #require(
      Bundle.module.url(
        forResource: "pillow-resize", withExtension: "json", subdirectory: "Goldens"))
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
    #expect(cases.count == 9)
    for item in cases {
      let image = FundusImage(width: item.width, height: item.height, pixels: item.pixels)
      let found = image.resized(width: item.resized.width, height: item.resized.height)
      #expect(found == item.resized.image, "\(item.width) x \(item.height)")
    }
  }

  @Test func normalizesWithTheStatisticsOfImageNet() throws {
    let image = FundusImage(width: 1, height: 2, pixels: [0, 128, 255, 255, 0, 51])
    let tensor = ReportImages.normalized(image)
    #expect(tensor.shape == [2, 1, 3])
    let expected: [Float] = [
      (0 - 0.485) / 0.229, (128 / 255 - 0.456) / 0.224, (1 - 0.406) / 0.225,
      (1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0.2 - 0.406) / 0.225,
    ]
    for (found, value) in zip(tensor.scalars, expected) { #expect(abs(found - value) <= 1e-6) }
  }

  @Test func preparesFilesAsSquares() throws {
    let directory = try TemporaryDirectory()
    let pixels = (0..<40 * 30 * 3).map { UInt8($0 % 251) }
    let image = FundusImage(width: 40, height: 30, pixels: pixels)
    let file = directory.url.appending(path: "image.png")
    try image.writePNG(to: file)
    let found = try ReportImages.prepare(contentsOf: file, imageSize: 16)
    #expect(found.scalars == ReportImages.normalized(image.resized(width: 16, height: 16)).scalars)
    #expect(throws: ImageError.self) {
      try ReportImages.prepare(contentsOf: directory.url.appending(path: "none.png"), imageSize: 16)
    }
  }
}
