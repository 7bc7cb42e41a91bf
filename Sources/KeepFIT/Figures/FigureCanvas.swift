/// Pixels to draw on, white at first.
struct FigureCanvas {
  let width: Int
  let height: Int
  var pixels: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: 255, count: width * height * 3)
  }

  var image: FundusImage { FundusImage(width: width, height: height, pixels: pixels) }

  /// Copies an image, whose upper left corner is at `x`, `y`; parts outside of the canvas are clipped.
  mutating func draw(_ image: FundusImage, x: Int = 0, y: Int = 0) {
    let columns = max(0, -x)..<max(0, -x, min(image.width, width - x))
    for row in max(0, -y)..<max(0, -y, min(image.height, height - y)) {
      let (from, to) = (row * image.width * 3, ((y + row) * width + x) * 3)
      for index in columns.lowerBound * 3..<columns.upperBound * 3 {
        pixels[to + index] = image.pixels[from + index]
      }
    }
  }

  mutating func fill(_ columns: Range<Int>, _ rows: Range<Int>, with color: [UInt8]) {
    for y in rows.clamped(to: 0..<height) {
      for x in columns.clamped(to: 0..<width) {
        for channel in 0..<3 { pixels[(y * width + x) * 3 + channel] = color[channel] }
      }
    }
  }

  mutating func text(_ text: String, x: Int, y: Int, scale: Int, color: [UInt8]) {
    for (position, character) in text.enumerated() {
      let left = x + position * BitmapFont.advance * scale
      for (row, bits) in BitmapFont.rows(of: character).enumerated() {
        for column in 0..<5 where bits & (16 >> UInt8(column)) != 0 {
          let (dotX, dotY) = (left + column * scale, y + row * scale)
          fill(dotX..<dotX + scale, dotY..<dotY + scale, with: color)
        }
      }
    }
  }
}
