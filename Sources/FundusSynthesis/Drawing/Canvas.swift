/// Red, green and blue, 0…1.
typealias Color = SIMD3<Float>

/// A color image while it is being painted.
struct Canvas: Sendable {
  let width: Int
  let height: Int
  /// Row by row.
  var pixels: [Color]

  init(width: Int, height: Int, color: Color = .zero) {
    self.width = width
    self.height = height
    pixels = [Color](repeating: color, count: width * height)
  }

  /// Moves pixels toward a color as far as they are covered.
  mutating func blend(_ cover: Plane, toward color: Color, opacity: Float = 1) {
    for index in pixels.indices {
      let amount = cover.values[index]
      if amount > 0 { pixels[index] += (color - pixels[index]) * (amount * opacity) }
    }
  }

  /// Multiplies pixels by a color as far as they are covered.
  mutating func multiply(_ cover: Plane, by color: Color, opacity: Float = 1) {
    let change = color - Color(repeating: 1)
    for index in pixels.indices {
      let amount = cover.values[index]
      if amount != 0 {
        pixels[index] *= Color(repeating: 1) + change * (amount * opacity)
      }
    }
  }

  /// Adds light.
  mutating func add(_ cover: Plane, _ color: Color) {
    for index in pixels.indices {
      let amount = cover.values[index]
      if amount != 0 { pixels[index] += color * amount }
    }
  }

  /// The canvas blurred by a Gaussian of this deviation in pixels.
  func blurred(_ deviation: Float) -> Canvas {
    guard deviation > 0.05 else { return self }
    if deviation < 0.8 { return blurredSlightly(deviation) }
    var result = self
    for channel in 0..<3 {
      var plane = Plane(width: width, height: height)
      for index in pixels.indices { plane.values[index] = pixels[index][channel] }
      plane = plane.blurred(deviation)
      for index in pixels.indices { result.pixels[index][channel] = plane.values[index] }
    }
    return result
  }

  /// A blur of three taps in each direction, which has the same variance.
  private func blurredSlightly(_ deviation: Float) -> Canvas {
    let side = deviation * deviation / 2, middle = 1 - 2 * side
    var rows = self
    for y in 0..<height {
      let start = y * width
      var before = pixels[start], current = before
      for x in 0..<width {
        let after = pixels[start + min(x + 1, width - 1)]
        rows.pixels[start + x] = current * middle + (before + after) * side
        before = current
        current = after
      }
    }
    var result = rows
    for y in 0..<height {
      let (above, start) = (max(0, y - 1) * width, y * width)
      let below = min(height - 1, y + 1) * width
      for x in 0..<width {
        result.pixels[start + x] =
          rows.pixels[start + x] * middle
          + (rows.pixels[above + x] + rows.pixels[below + x]) * side
      }
    }
    return result
  }
}
