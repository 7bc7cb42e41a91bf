import Foundation

/// An irregular outline: a circle whose radius varies with the angle by a few harmonics.
struct Outline: Sendable {
  /// Amplitude and phase of the harmonics 2, 3, ….
  private let harmonics: [(amplitude: Float, phase: Float)]
  /// Semi-axes relative to the radius, along and across `angle`.
  var stretch: Point = Point(1, 1)
  var angle: Float = 0

  /// - Parameter roughness: 0 for a circle; 0.3 is very ragged.
  init(roughness: Float, stream: inout RandomStream, stretch: Point = Point(1, 1), angle: Float = 0)
  {
    var harmonics: [(Float, Float)] = []
    for order in 2..<7 {
      let amplitude = 1.5 * roughness * stream.uniform(in: 0.4..<1) / Float(order)
      harmonics.append((amplitude, stream.uniform(in: 0..<2 * .pi)))
    }
    self.harmonics = roughness > 0 ? harmonics.map { (amplitude: $0.0, phase: $0.1) } : []
    self.stretch = stretch
    self.angle = angle
  }

  /// The distance of the place from the center, in units of the outline's radius in that direction.
  func relativeDistance(_ offset: Point) -> Float {
    let turned = (angle == 0 ? offset : offset.rotated(by: -angle)) / stretch
    let distance = turned.length
    guard !harmonics.isEmpty, distance > 0 else { return distance }
    let direction = atan2(turned.y, turned.x)
    var radius: Float = 1
    for (index, harmonic) in harmonics.enumerated() {
      radius += harmonic.amplitude * cos(Float(index + 2) * direction + harmonic.phase)
    }
    return distance / max(radius, 0.3)
  }
}

extension Plane {
  /// Rows and columns of the pixels within `reach` of the place.
  private func box(_ center: Point, _ reach: Float) -> (x: Range<Int>, y: Range<Int>) {
    func clamp(_ low: Float, _ high: Float, _ count: Int) -> Range<Int> {
      let first = Int(max(0, min(Float(count), low.rounded(.down))))
      let last = Int(max(0, min(Float(count), high.rounded(.up) + 1)))
      return first..<max(first, last)
    }
    return (
      clamp(center.x - reach, center.x + reach, width),
      clamp(center.y - reach, center.y + reach, height)
    )
  }

  /// Raises the plane to a filled shape.
  ///
  /// Shapes smaller than a pixel keep their area, so that an image drawn small looks like a large
  /// one shrunk.
  ///
  /// - Parameters:
  ///   - center: in pixels.
  ///   - radius: in pixels.
  ///   - softness: width of the edge in units of the radius; one pixel at least.
  ///   - strength: the value inside.
  mutating func addBlob(
    at center: Point, radius: Float, outline: Outline? = nil, softness: Float = 0,
    strength: Float = 1
  ) {
    let drawn = max(radius, 0.6)
    let value = strength * min(1, (radius / drawn) * (radius / drawn) * 1.3)
    let edge = max(softness * drawn, 1) / drawn
    let spread = outline.map { max($0.stretch.x, $0.stretch.y) * 1.6 } ?? 1
    let (columns, rows) = box(center, drawn * (1 + edge) * spread + 1)
    for y in rows {
      for x in columns {
        let offset = (Point(Float(x), Float(y)) - center) / drawn
        let distance = outline?.relativeDistance(offset) ?? offset.length
        let cover = value * (1 - smoothStep(1 - edge / 2, 1 + edge / 2, distance))
        let index = y * width + x
        if cover > values[index] { values[index] = cover }
      }
    }
  }

  /// Raises the plane to a Gaussian hill.
  mutating func addHill(at center: Point, deviation: Point, angle: Float = 0, strength: Float = 1) {
    let (columns, rows) = box(center, 3 * max(deviation.x, deviation.y))
    for y in rows {
      for x in columns {
        let offset = (Point(Float(x), Float(y)) - center).rotated(by: -angle) / deviation
        let cover = strength * exp(-0.5 * (offset * offset).sum())
        let index = y * width + x
        if cover > values[index] { values[index] = cover }
      }
    }
  }

  /// Raises the plane to a line with round joints.
  ///
  /// - Parameters:
  ///   - points: in pixels.
  ///   - radii: half the width at each point, in pixels.
  ///   - softness: width of the edge in pixels.
  mutating func addStroke(
    _ points: [Point], radii: [Float], softness: Float = 1, strength: Float = 1
  ) {
    guard points.count > 1 else { return }
    for index in 1..<points.count {
      addSegment(
        points[index - 1], points[index], radii[index - 1], radii[index], softness, strength)
    }
  }

  private mutating func addSegment(
    _ start: Point, _ end: Point, _ startRadius: Float, _ endRadius: Float, _ softness: Float,
    _ strength: Float
  ) {
    let reach = max(startRadius, endRadius, 0.5) + softness
    let low = Point(min(start.x, end.x), min(start.y, end.y)) - reach
    let high = Point(max(start.x, end.x), max(start.y, end.y)) + reach
    guard high.x >= 0, high.y >= 0, low.x < Float(width), low.y < Float(height) else { return }
    let columns = Int(max(0, low.x))..<Int(min(Float(width), high.x + 1))
    let rows = Int(max(0, low.y))..<Int(min(Float(height), high.y + 1))
    let along = end - start
    let scale = 1 / max((along * along).sum(), 1e-6)
    for y in rows {
      for x in columns {
        let offset = Point(Float(x), Float(y)) - start
        let t = min(max((offset * along).sum() * scale, 0), 1)
        let radius = startRadius + t * (endRadius - startRadius)
        let drawn = max(radius, 0.5)
        let distance = (offset - along * t).length
        let cover =
          strength * (radius / drawn)
          * min(max((drawn - distance) / softness + 0.5, 0), 1)
        let index = y * width + x
        if cover > values[index] { values[index] = cover }
      }
    }
  }
}
