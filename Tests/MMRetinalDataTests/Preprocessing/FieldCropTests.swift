import FundusTensor
import MMRetinalData
import Testing

/// Photographs with a field of known center and radius.
@Suite struct FieldCropTests {
  private func photograph(
    width: Int, height: Int, x: Double, y: Double, radius: Double
  ) -> FundusImage {
    var pixels = [UInt8](repeating: 2, count: width * height * 3)
    for row in 0..<height {
      for column in 0..<width {
        let (dx, dy) = (Double(column) - x, Double(row) - y)
        let isField = dx * dx + dy * dy <= radius * radius
        // A bright label in the corner, as cameras write it.
        let isLabel = row < 12 && column < 40
        guard isField || isLabel else { continue }
        let noise = UInt8((row * 31 + column * 17) % 23)
        let color: [UInt8] = isLabel ? [230, 230, 230] : [150 + noise, 80 + noise, 40]
        for channel in 0..<3 { pixels[(row * width + column) * 3 + channel] = color[channel] }
      }
    }
    return FundusImage(width: width, height: height, pixels: pixels)
  }

  private func near(_ range: Range<Int>, _ expected: Range<Int>, tolerance: Int) -> Bool {
    abs(range.lowerBound - expected.lowerBound) <= tolerance
      && abs(range.upperBound - expected.upperBound) <= tolerance
  }

  @Test(arguments: [1, 4]) func wholeFieldsAreCroppedToTheirCircle(scale: Int) throws {
    let unit = Double(scale)
    let image = photograph(
      width: 600 * scale, height: 420 * scale, x: 330 * unit, y: 200 * unit, radius: 180 * unit)
    let box = try #require(image.fieldBox())
    #expect(near(box.columns, 150 * scale..<511 * scale, tolerance: 3 * scale))
    #expect(near(box.rows, 20 * scale..<381 * scale, tolerance: 3 * scale))
    let cropped = try #require(image.croppedToField())
    #expect(cropped.width == box.columns.count && cropped.height == box.rows.count)
    #expect(cropped.pixels[..<3] == [0, 0, 0])
    let middle = (cropped.height / 2 * cropped.width + cropped.width / 2) * 3
    let source =
      ((box.rows.lowerBound + cropped.height / 2) * image.width + box.columns.lowerBound
        + cropped.width / 2) * 3
    #expect(cropped.pixels[middle..<middle + 3] == image.pixels[source..<source + 3])
  }

  @Test func aCutFieldKeepsTheFrame() throws {
    let image = photograph(width: 640, height: 400, x: 320, y: 200, radius: 240)
    let box = try #require(image.fieldBox())
    #expect(box.rows == 0..<400 && near(box.columns, 80..<561, tolerance: 4))
  }

  @Test func withoutACircleNothingIsCropped() throws {
    let square = FundusImage(
      width: 64, height: 64, pixels: (0..<64 * 64 * 3).map { UInt8(90 + $0 % 50) })
    #expect(square.fieldBox() == nil)
    let black = FundusImage(
      width: 64, height: 64, pixels: [UInt8](repeating: 0, count: 64 * 64 * 3))
    #expect(black.croppedToField() == nil)
    var preprocessing = Preprocessing.flair.with(imageSize: 32)
    let plain = try preprocessing.prepare(square).scalars
    preprocessing.crop = .circle
    #expect(try preprocessing.prepare(square).scalars == plain)
  }

  @Test func modelInputIsThatOfTheCroppedImage() throws {
    let image = photograph(width: 300, height: 220, x: 150, y: 110, radius: 90)
    var preprocessing = Preprocessing.flair.with(imageSize: 64)
    let expected = try preprocessing.prepare(#require(image.croppedToField())).scalars
    preprocessing.crop = .circle
    #expect(try preprocessing.prepare(image).scalars == expected)
    #expect(!preprocessing.canReduceJPEG)
    let left = preprocessing.remaining(of: image)
    #expect(left.rows == image.fieldBox()?.rows && left.columns == image.fieldBox()?.columns)
  }
}
