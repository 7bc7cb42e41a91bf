import Foundation

/// Drawings, graphs and print.
extension SketchPad {
  private static let inks: [Color] = [
    .gray(0.05), Color(0, 0.45, 0.7), Color(0.84, 0.37, 0), Color(0, 0.62, 0.45),
    Color(0.8, 0.1, 0.15), Color(0.35, 0.2, 0.6),
  ]

  mutating func drawPlot(_ kind: SyntheticDecoy.Kind) {
    let dark = chance(0.08), ink: Color = dark ? .gray(0.9) : .gray(0.08)
    if dark { rectangle(.zero, at(1, 1), .gray(0.04)) }
    let low = at(random(0.08, 0.16), random(0.8, 0.9)), high = at(random(0.9, 0.98), 0.08)
    if chance(0.4) {
      for step in 1..<6 {
        let y = low.y + (high.y - low.y) * Float(step) / 5
        lines([Point(low.x, y), Point(high.x, y)], .gray(0.85), thickness: 0.8)
      }
    }
    for series in 0..<1 + stream.index(below: 3) {
      let color = chance(0.4) ? ink : Self.inks[stream.index(below: Self.inks.count)]
      let count = 4 + stream.index(below: 10)
      var value = random(0.2, 0.8)
      var points: [Point] = []
      for step in 0..<count {
        value = min(0.97, max(0.03, value + random(-0.2, 0.2)))
        let share = (Float(step) + 0.5) / Float(count)
        points.append(
          Point(low.x + (high.x - low.x) * share, low.y + (high.y - low.y) * value))
      }
      switch kind {
      case .graph: lines(points, color, thickness: unit * random(0.4, 1.2))
      case .bars:
        let side = (high.x - low.x) / Float(count) * 0.25
        for point in points {
          let x = point.x + Float(series - 1) * side
          rectangle(Point(x, point.y), Point(x + side * 0.9, low.y), color)
        }
      default:
        for _ in 0..<count * 4 {
          disc(
            Point(random(low.x, high.x), random(high.y, low.y)), unit * random(0.6, 1.2), color)
        }
      }
    }
    lines([Point(low.x, high.y), low, Point(high.x, low.y)], ink, thickness: unit * 0.6)
    for step in 0..<5 {
      let share = Float(step) / 5
      let size = unit * 3
      print(
        at: Point(unit, low.y + (high.y - low.y) * share - size / 2), characters: 2, size: size, ink
      )
      print(
        at: Point(low.x + (high.x - low.x) * share, low.y + unit * 2), characters: 2, size: size,
        ink)
    }
  }

  mutating func drawDiagram() {
    let ink: Color = chance(0.8) ? .gray(0.1) : Color(0.1, 0.2, 0.5)
    for _ in 0..<3 + stream.index(below: 8) {
      let start = at(random(0.05, 0.8), random(0.05, 0.9))
      switch stream.index(below: 4) {
      case 0:
        let end = start + Point(random(0.1, 0.3) * width, random(0.08, 0.2) * height)
        lines(
          [start, Point(end.x, start.y), end, Point(start.x, end.y), start], ink,
          thickness: unit * 0.5)
        print(at: start + Point(2, 2) * unit, characters: 5, size: unit * 3, ink)
      case 1: ring(start, unit * random(4, 18), ink, thickness: unit * 0.5)
      case 2:
        lines([start, at(random(0, 1), random(0, 1))], ink, thickness: unit * 0.4)
      default:
        var points = [start]
        for _ in 0..<8 {
          points.append(points.last! + Point(random(0, 8), random(-5, 5)) * unit)
        }
        lines(points, ink, thickness: unit * random(0.3, 0.9))
      }
    }
    for _ in 0..<3 {
      print(
        at: at(random(0.02, 0.7), random(0.02, 0.9)), characters: 8, size: unit * random(2.5, 4),
        ink)
    }
  }

  mutating func drawIllustration() {
    if chance(0.5) { rectangle(.zero, at(1, 1), .hue(random(0, 1), 0.12, 0.98)) }
    let center = at(0.5, 0.5), radius = min(width, height) * random(0.3, 0.45)
    for (share, color) in [
      (1, Color.hue(random(0, 1), random(0.1, 0.6), 0.95)),
      (0.93, Color.hue(random(0, 1), 0.6, 0.8)), (0.86, Color.hue(random(0, 0.12), 0.5, 0.95)),
      (0.8, Color.hue(random(0, 1), 0.15, 1)),
    ] as [(Float, Color)] {
      disc(center, radius * share, color)
    }
    disc(
      center - Point(radius * 0.8, 0), radius * 0.3, .hue(random(0.5, 0.7), 0.4, 0.9),
      stretch: Point(0.5, 1))
    for _ in 0..<4 {
      let start = center + Point(random(-1, 1), random(-1, 1)) * radius
      let end = at(chance(0.5) ? 0.08 : 0.85, random(0.05, 0.95))
      lines([start, end], .gray(0.1), thickness: unit * 0.4)
      print(at: end, characters: 6, size: unit * 3, .gray(0.1))
    }
  }

  mutating func drawTable() {
    let rows = 4 + stream.index(below: 8), columns = 2 + stream.index(below: 4)
    for row in 0..<rows {
      let y = (Float(row) + 0.2) / Float(rows)
      if row < 2 || chance(0.4) {
        lines([at(0.02, y - 0.02), at(0.98, y - 0.02)], .gray(0.3), thickness: unit * 0.4)
      }
      for column in 0..<columns {
        print(
          at: at(0.03 + Float(column) / Float(columns), y + 0.02),
          characters: 3 + stream.index(below: 6), size: unit * 2.6, .gray(0.1))
      }
    }
  }

  mutating func drawPrint() {
    let size = unit * random(2.5, 6), ink: Color = .gray(random(0, 0.3))
    var y = height * 0.04
    while y < height - size {
      print(at: Point(width * 0.04, y), characters: Int(width * 0.9 / size / 0.65), size: size, ink)
      y += size * random(1.5, 1.9)
    }
  }

  mutating func drawCode() {
    let modules = 21 + 4 * stream.index(below: 4), margin = 2
    let side = width / Float(modules + 2 * margin)
    for y in 0..<modules {
      for x in 0..<modules {
        var isDark = chance(0.48)
        for (cx, cy) in [(3, 3), (modules - 4, 3), (3, modules - 4)] {
          let ring = max(abs(x - cx), abs(y - cy))
          if ring <= 4 { isDark = ring == 0 || ring == 1 || ring == 3 }
        }
        guard isDark else { continue }
        let corner = Point(Float(x + margin), Float(y + margin)) * side
        rectangle(corner, corner + Point(side - 1, side - 1), .gray(0))
      }
    }
  }

  mutating func drawLogo() {
    if chance(0.3) { rectangle(.zero, at(1, 1), .hue(random(0, 1), random(0.3, 1), 0.8)) }
    let color = Color.hue(random(0, 1), random(0, 1), random(0, 0.8))
    disc(at(0.5, 0.42), width * random(0.2, 0.35), color, stretch: Point(1, random(0.5, 1)))
    disc(at(0.5, 0.42), width * random(0.05, 0.15), .gray(1))
    if chance(0.5) { print(at: at(0.1, 0.8), characters: 8, size: height * 0.12, color) }
  }

  mutating func drawOrnament() {
    let color = Color.hue(random(0, 1), random(0, 0.8), random(0.1, 0.8))
    let count = 5 + stream.index(below: 20)
    for step in 0..<count {
      let x = (Float(step) + 0.5) / Float(count)
      let half = width / Float(count) * 0.45
      if chance(0.9) {
        disc(at(x, 0.5), min(half, height * 0.4), color, stretch: Point(1, random(0.5, 1)))
      }
    }
    if chance(0.5) { lines([at(0, 0.5), at(1, 0.5)], color, thickness: height * 0.1) }
  }

  mutating func drawBackground() {
    let first = Color.hue(random(0, 1), random(0, 0.5), random(0.4, 1))
    let second = Color.hue(random(0, 1), random(0, 0.5), random(0.4, 1))
    let turn = random(0, 1)
    for y in 0..<canvas.height {
      for x in 0..<canvas.width {
        let share = turn * Float(x) / width + (1 - turn) * Float(y) / height
        canvas.pixels[y * canvas.width + x] = first + (second - first) * share
      }
    }
    if chance(0.5) {
      let wave = noise(random(1, 6))
      modulate(wave, by: random(0.02, 0.15))
    }
  }
}
