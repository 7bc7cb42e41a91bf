import Foundation

/// A vector in the plane: retinal or pixel coordinates.
typealias Point = SIMD2<Float>

extension SIMD2<Float> {
  /// The Euclidean length.
  var length: Float { (x * x + y * y).squareRoot() }

  /// The vector of length 1 in this direction, or zero.
  var direction: SIMD2<Float> {
    let length = length
    return length > 0 ? self / length : .zero
  }

  /// Turned by 90°.
  var normal: SIMD2<Float> { SIMD2(-y, x) }

  func rotated(by angle: Float) -> SIMD2<Float> {
    let (c, s) = (cos(angle), sin(angle))
    return SIMD2(c * x - s * y, s * x + c * y)
  }
}

/// A grid of numbers: a color channel, or how much of each pixel something covers (0…1).
struct Plane: Sendable {
  let width: Int
  let height: Int
  /// Row by row.
  var values: [Float]

  init(width: Int, height: Int, filledWith value: Float = 0) {
    self.width = width
    self.height = height
    values = [Float](repeating: value, count: width * height)
  }

  /// The value at the pixel nearest to the place, of the border outside.
  func nearest(_ place: Point) -> Float {
    let x = min(max(Int(place.x.rounded()), 0), width - 1)
    let y = min(max(Int(place.y.rounded()), 0), height - 1)
    return values[y * width + x]
  }

  /// The plane blurred by three box filters, which come close to a Gaussian of this deviation in
  /// pixels. The border is repeated.
  func blurred(_ deviation: Float) -> Plane {
    guard deviation > 0.05 else { return self }
    var result = self
    // A box of side 2r+1 has the variance r(r+1)/3 (r may be broken: its outer taps are weighted).
    let radius = ((4 * deviation * deviation + 1).squareRoot() - 1) / 2
    for _ in 0..<3 {
      result.boxFilterRows(radius)
      result.boxFilterColumns(radius)
    }
    return result
  }

  private mutating func boxFilterRows(_ radius: Float) {
    let whole = Int(radius), rest = radius - Float(whole)
    let scale = 1 / (2 * radius + 1)
    var line = [Float](repeating: 0, count: width + 2 * (whole + 1))
    let pad = whole + 1
    for y in 0..<height {
      let start = y * width
      for x in 0..<width { line[pad + x] = values[start + x] }
      for x in 0..<pad {
        line[x] = values[start]
        line[pad + width + x] = values[start + width - 1]
      }
      var sum: Float = 0
      for x in 1..<(2 * whole + 2) { sum += line[x] }
      for x in 0..<width {
        values[start + x] = (sum + rest * (line[x] + line[x + 2 * pad])) * scale
        sum += line[x + 2 * pad] - line[x + 1]
      }
    }
  }

  private mutating func boxFilterColumns(_ radius: Float) {
    let whole = Int(radius), rest = radius - Float(whole)
    let scale = 1 / (2 * radius + 1)
    let source = values
    func row(_ y: Int) -> Int { min(max(y, 0), height - 1) * width }
    var sum = [Float](repeating: 0, count: width)
    for y in -whole...whole {
      let start = row(y)
      for x in 0..<width { sum[x] += source[start + x] }
    }
    for y in 0..<height {
      let (start, before, after) = (y * width, row(y - whole - 1), row(y + whole + 1))
      let leaving = row(y - whole)
      for x in 0..<width {
        values[start + x] = (sum[x] + rest * (source[before + x] + source[after + x])) * scale
        sum[x] += source[after + x] - source[leaving + x]
      }
    }
  }

  /// Combines each value with the one at the same place of another plane.
  mutating func combine(_ other: Plane, _ operation: (Float, Float) -> Float) {
    for index in values.indices { values[index] = operation(values[index], other.values[index]) }
  }
}

/// A smooth step from 0 at `low` to 1 at `high`.
func smoothStep(_ low: Float, _ high: Float, _ value: Float) -> Float {
  let t = min(max((value - low) / (high - low), 0), 1)
  return t * t * (3 - 2 * t)
}
