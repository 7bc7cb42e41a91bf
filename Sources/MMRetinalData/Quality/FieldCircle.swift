import Foundation

/// The circle that the border of a photograph's field of view lies on, and how much of it is visible.
struct FieldCircle {
  /// The center in pixels, from the center of the first one.
  let x: Double, y: Double
  /// The radius in pixels.
  let radius: Double
  /// The fraction of the circle's area that is inside of the frame and lit.
  let visible: Float

  /// Fits a circle to the border of the field, as far as it is inside of the frame, by algebraic least squares
  /// (Kåsa, 1976), three times, each time without the points that are far off.
  /// - Returns: nil if too little of the border is inside of the frame.
  init?(_ mask: [Bool], width: Int, height: Int) {
    let smooth = WorkingImage.boxed(
      mask.map { $0 ? 1 : 0 }, width: width, height: height, radius: 2)
    let field = smooth.map { $0 > 0.5 }
    var points = Self.border(field, width: width, height: height)
    guard Float(points.count) > 0.1 * Float(width + height) else { return nil }
    var circle = Self.fit(points)
    for _ in 0..<2 {
      guard let known = circle else { return nil }
      let distances = points.map { abs(hypot($0.x - known.x, $0.y - known.y) - known.radius) }
      let limit = max(2, 2 * distances.sorted()[distances.count / 2])
      let near = points.indices.filter { distances[$0] < limit }.map { points[$0] }
      guard near.count >= 20 else { break }
      points = near
      circle = Self.fit(points)
    }
    guard let circle, circle.radius > 4 else { return nil }
    (x, y, radius) = circle
    var lit = 0
    for row in 0..<height {
      for column in 0..<width where field[row * width + column] {
        let (x, y) = (Double(column) - circle.x, Double(row) - circle.y)
        if x * x + y * y < circle.radius * circle.radius { lit += 1 }
      }
    }
    visible = Float(min(1, Double(lit) / (.pi * circle.radius * circle.radius)))
  }

  /// The first and last lit pixels of each row and column, unless they are at the frame.
  private static func border(_ field: [Bool], width: Int, height: Int) -> [(x: Double, y: Double)] {
    var points: [(x: Double, y: Double)] = []
    for row in 0..<height {
      let line = field[row * width..<(row + 1) * width]
      guard let first = line.firstIndex(of: true), let last = line.lastIndex(of: true) else {
        continue
      }
      for column in [first - row * width, last - row * width]
      where column > 1 && column < width - 2 {
        points.append((Double(column), Double(row)))
      }
    }
    for column in 0..<width {
      let rows = (0..<height).filter { field[$0 * width + column] }
      for row in [rows.first, rows.last].compactMap(\.self) where row > 1 && row < height - 2 {
        points.append((Double(column), Double(row)))
      }
    }
    return points
  }

  /// The circle that minimizes Σ (x² + y² - 2ax - 2by - c)².
  private static func fit(
    _ points: [(x: Double, y: Double)]
  ) -> (x: Double, y: Double, radius: Double)? {
    let count = Double(points.count)
    let (mx, my) = (
      points.reduce(0) { $0 + $1.x } / count, points.reduce(0) { $0 + $1.y } / count
    )
    var (xx, xy, yy, xz, yz, zz) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for point in points {
      let (x, y) = (point.x - mx, point.y - my)
      let z = x * x + y * y
      xx += x * x
      xy += x * y
      yy += y * y
      xz += x * z
      yz += y * z
      zz += z
    }
    let determinant = 4 * (xx * yy - xy * xy)
    guard determinant > 1e-9 * zz * zz else { return nil }
    let a = 2 * (xz * yy - yz * xy) / determinant
    let b = 2 * (yz * xx - xz * xy) / determinant
    return (a + mx, b + my, (zz / count + a * a + b * b).squareRoot())
  }
}

extension WorkingImage {
  /// Whether each pixel belongs to the field of view: lit, and not white paper around a photograph.
  var field: [Bool] {
    luma.indices.map { red[$0] > 0.10 && !(luma[$0] > 0.94 && chroma[$0] < 0.06) }
  }
}
