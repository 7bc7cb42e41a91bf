/// Red, green and blue, 0…1.
typealias Colour = SIMD3<Float>

/// A colour picture while it is being painted.
struct Canvas: Sendable {
  let width: Int
  let height: Int
  /// Row by row.
  var pixels: [Colour]

  init(width: Int, height: Int, colour: Colour = .zero) {
    self.width = width
    self.height = height
    pixels = [Colour](repeating: colour, count: width * height)
  }

  /// Moves pixels towards a colour as far as they are covered.
  mutating func blend(_ cover: Plane, towards colour: Colour, opacity: Float = 1) {
    for index in pixels.indices {
      let amount = cover.values[index]
      if amount > 0 { pixels[index] += (colour - pixels[index]) * (amount * opacity) }
    }
  }

  /// Multiplies pixels by a colour as far as they are covered.
  mutating func multiply(_ cover: Plane, by colour: Colour, opacity: Float = 1) {
    let change = colour - Colour(repeating: 1)
    for index in pixels.indices {
      let amount = cover.values[index]
      if amount != 0 {
        pixels[index] *= Colour(repeating: 1) + change * (amount * opacity)
      }
    }
  }

  /// Adds light.
  mutating func add(_ cover: Plane, _ colour: Colour) {
    for index in pixels.indices {
      let amount = cover.values[index]
      if amount != 0 { pixels[index] += colour * amount }
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
