import Foundation

/// Plain drawing for ``SyntheticDecoy`` and ``SketchedRetina``: lines, discs, rectangles, noise.
struct SketchPad {
  var canvas: Canvas
  var stream: RandomStream

  var width: Float { Float(canvas.width) }
  var height: Float { Float(canvas.height) }
  /// A length that lines are measured in: a hundredth of the longest side.
  var unit: Float { max(width, height) / 100 }

  init(width: Int, height: Int, color: Color = Color(repeating: 1), stream: RandomStream) {
    canvas = Canvas(width: width, height: height, color: color)
    self.stream = stream
  }

  /// A random number.
  mutating func random(_ low: Float, _ high: Float) -> Float { stream.uniform(in: low..<high) }

  /// Whether something happens that has this probability.
  mutating func chance(_ probability: Float) -> Bool { stream.uniform() < probability }

  mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[stream.index(below: choices.count)]
  }

  /// A place in fractions of the sides.
  func at(_ x: Float, _ y: Float) -> Point { Point(x * width, y * height) }

  mutating func rectangle(_ low: Point, _ high: Point, _ color: Color, opacity: Float = 1) {
    let (left, right) = (
      max(0, Int(min(low.x, high.x))), min(canvas.width, Int(max(low.x, high.x)) + 1)
    )
    let (top, bottom) = (
      max(0, Int(min(low.y, high.y))), min(canvas.height, Int(max(low.y, high.y)) + 1)
    )
    guard left < right, top < bottom else { return }
    for y in top..<bottom {
      for x in left..<right {
        let index = y * canvas.width + x
        canvas.pixels[index] += (color - canvas.pixels[index]) * opacity
      }
    }
  }

  mutating func lines(_ points: [Point], _ color: Color, thickness: Float, opacity: Float = 1) {
    var plane = Plane(width: canvas.width, height: canvas.height)
    plane.addStroke(points, radii: [Float](repeating: thickness / 2, count: points.count))
    canvas.blend(plane, toward: color, opacity: opacity)
  }

  mutating func disc(
    _ center: Point, _ radius: Float, _ color: Color, stretch: Point = Point(1, 1),
    angle: Float = 0, softness: Float = 0, opacity: Float = 1, roughness: Float = 0
  ) {
    var plane = Plane(width: canvas.width, height: canvas.height)
    var shape = stream.derived("shape")
    let outline = Outline(roughness: roughness, stream: &shape, stretch: stretch, angle: angle)
    plane.addBlob(at: center, radius: radius, outline: outline, softness: softness)
    canvas.blend(plane, toward: color, opacity: opacity)
  }

  /// A ring of this thickness.
  mutating func ring(_ center: Point, _ radius: Float, _ color: Color, thickness: Float) {
    let points = (0...48).map { step -> Point in
      let angle = Float(step) / 48 * 2 * .pi
      return center + Point(cos(angle), sin(angle)) * radius
    }
    lines(points, color, thickness: thickness)
  }

  /// A texture from -1 to 1, some 2^octaves / frequency of the side fine.
  mutating func noise(_ frequency: Float, octaves: Int = 3, aspect: Float = 1) -> Plane {
    NoiseField(
      seed: UInt32(truncatingIfNeeded: stream.next()), frequency: frequency, octaves: octaves,
      aspect: aspect
    ).plane(
      width: canvas.width, height: canvas.height, origin: .zero, step: 1 / max(width, height))
  }

  /// Independent numbers of deviation one, smoothed over this many pixels.
  mutating func grain(_ spread: Float) -> Plane {
    var plane = Plane(width: canvas.width, height: canvas.height)
    for index in plane.values.indices { plane.values[index] = 2 * stream.uniform() - 1 }
    let smooth = plane.blurred(spread)
    let square = smooth.values.reduce(Float(0)) { $0 + $1 * $1 } / Float(smooth.values.count)
    let scale = 1 / max(1e-6, square.squareRoot())
    plane.values = smooth.values.map { $0 * scale }
    return plane
  }

  /// Changes brightness by a texture.
  mutating func modulate(_ plane: Plane, by amount: Float, where shows: ((Int) -> Bool)? = nil) {
    for index in canvas.pixels.indices where shows?(index) ?? true {
      canvas.pixels[index] *= max(0, 1 + amount * plane.values[index])
    }
  }

  mutating func add(_ plane: Plane, _ color: Color) { canvas.add(plane, color) }

  /// Marks that look like lines of print from a distance.
  mutating func print(at place: Point, characters: Int, size: Float, _ color: Color) {
    var x = place.x
    for _ in 0..<characters {
      if chance(0.15) {
        x += size * 0.6
        continue
      }
      for _ in 0..<2 + stream.index(below: 2) {
        let start = Point(x + random(0, 0.5) * size, place.y + random(0, 1) * size)
        let end =
          chance(0.5)
          ? Point(start.x, place.y + random(0, 1) * size)
          : Point(x + random(0, 0.5) * size, start.y)
        lines([start, end], color, thickness: max(0.8, size * 0.13))
      }
      x += size * 0.65
    }
  }

  /// The image.
  var image: FundusImage {
    var bytes = [UInt8](repeating: 0, count: 3 * canvas.pixels.count)
    for (index, color) in canvas.pixels.enumerated() {
      for channel in 0..<3 {
        bytes[3 * index + channel] = UInt8((min(max(color[channel], 0), 1) * 255).rounded())
      }
    }
    return FundusImage(width: canvas.width, height: canvas.height, pixels: bytes)
  }
}

extension Color {
  /// The same value in all channels.
  static func gray(_ value: Float) -> Color { Color(repeating: value) }

  /// A color of the wheel: hue in turns, saturation and value.
  static func hue(_ hue: Float, _ saturation: Float = 1, _ value: Float = 1) -> Color {
    func channel(_ offset: Float) -> Float {
      let k = (offset + (hue - hue.rounded(.down)) * 6).truncatingRemainder(dividingBy: 6)
      return value - value * saturation * Swift.max(0, Swift.min(k, 4 - k, 1))
    }
    return Color(channel(5), channel(3), channel(1))
  }
}
