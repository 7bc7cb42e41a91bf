import Foundation

/// Examinations other than those of the retina, and photographs.
extension SketchPad {
  mutating func drawUltrasound() {
    rectangle(.zero, at(1, 1), .gray(random(0, 0.05)))
    let apex = at(chance(0.5) ? 0.5 : random(0.4, 0.6), random(-0.5, 0.05))
    let sideways = chance(0.35), half = random(0.45, 0.8)
    let reach = (sideways ? width : height) * random(0.8, 1.2)
    let globe = at(0.5, random(0.4, 0.55)), radius = min(width, height) * random(0.28, 0.4)
    let coarse = noise(random(20, 60), octaves: 3), fine = grain(random(0.6, 1.4))
    let lesion = globe + Point(random(-0.5, 0.5), random(0.3, 0.8)) * radius
    let lesionRadius = radius * random(0.15, 0.45), hasLesion = chance(0.8)
    let hasMembrane = chance(0.5), level = random(0.25, 0.6)
    for y in 0..<canvas.height {
      for x in 0..<canvas.width {
        let place = Point(Float(x), Float(y))
        var from = place - apex
        if sideways { from = Point(place.y - height / 2, place.x - apex.y) }
        guard from.length < reach, abs(atan2(from.x, max(from.y, 1e-3))) < half, from.y > 0 else {
          continue
        }
        let index = y * canvas.width + x
        let distance = (place - globe).length / radius
        var value: Float = distance < 1 ? 0.03 : level * max(0.1, 1.3 - 0.5 * distance)
        value += 0.5 * exp(-pow((distance - 1) * 9, 2))
        if hasLesion, (place - lesion).length < lesionRadius { value = max(value, 0.5) }
        if hasMembrane, distance < 1 {
          let wave = globe.y + radius * 0.3 * sin((place.x - globe.x) / radius * 3)
          value += 0.6 * exp(-pow((place.y - wave) / (unit * 0.9), 2))
        }
        value *= 0.65 + 0.35 * coarse.values[index] + 0.35 * fine.values[index]
        canvas.pixels[index] = .gray(max(0, value))
      }
    }
    if chance(0.6) { print(at: at(0.03, 0.03), characters: 10, size: unit * 3, .gray(0.85)) }
  }

  mutating func drawVisualField() {
    let center = at(0.5, 0.5), radius = min(width, height) * 0.47
    let defect = center + Point(random(-0.6, 0.6), random(-0.6, 0.6)) * radius
    let spread = random(0.15, 0.6), hasNumbers = chance(0.25), cell = unit * random(1.5, 3.5)
    var y = center.y - radius
    while y < center.y + radius {
      var x = center.x - radius
      while x < center.x + radius {
        let place = Point(x, y)
        if (place - center).length < radius {
          let far = (place - defect).length / radius / spread
          let dark = exp(-far * far) * 0.9 + 0.15 * (place - center).length / radius
          if hasNumbers {
            if Int(x / cell) % 3 == 0, Int(y / cell) % 3 == 0 {
              print(at: place, characters: 2, size: cell * 1.4, .gray(0.1))
            }
          } else if chance(dark) {
            rectangle(place, place + Point(cell, cell) * 0.6, .gray(0.1))
          }
        }
        x += cell
      }
      y += cell
    }
    lines(
      [center - Point(radius, 0), center + Point(radius, 0)], .gray(0.2), thickness: unit * 0.4)
    lines(
      [center - Point(0, radius), center + Point(0, radius)], .gray(0.2), thickness: unit * 0.4)
    if chance(0.4) { ring(center, radius, .gray(0.3), thickness: unit * 0.4) }
  }

  mutating func drawHistology() {
    let pink = Color.hue(random(0.85, 0.97), random(0.1, 0.35), random(0.85, 0.98))
    let purple = Color.hue(random(0.68, 0.83), random(0.4, 0.7), random(0.35, 0.6))
    rectangle(.zero, at(1, 1), chance(0.3) ? .gray(0.95) : pink)
    let fibers = noise(random(4, 12), octaves: 4, aspect: random(0.3, 5))
    let tint = Color.hue(random(0.88, 0.97), random(0.3, 0.6), random(0.75, 0.95))
    for index in canvas.pixels.indices where fibers.values[index] > -0.1 {
      canvas.pixels[index] +=
        (tint - canvas.pixels[index]) * min(1, 0.4 + fibers.values[index])
    }
    let banded = chance(0.5), size = unit * random(0.5, 1.6)
    for _ in 0..<150 + stream.index(below: 350) {
      var y = random(0, 1)
      if banded { y = pick([0.3, 0.5, 0.68]) + random(-0.07, 0.07) }
      disc(
        at(random(0, 1), y), size * random(0.6, 1.3), purple, stretch: Point(random(0.5, 1), 1),
        angle: random(0, 3), opacity: 0.85)
    }
  }

  mutating func drawMicrograph() {
    rectangle(.zero, at(1, 1), .gray(random(0.5, 0.85)))
    let texture = noise(random(5, 25), octaves: 4), fine = grain(0.7)
    modulate(texture, by: random(0.3, 0.6))
    modulate(fine, by: random(0.02, 0.12))
    for _ in 0..<20 + stream.index(below: 80) {
      let center = at(random(0, 1), random(0, 1)), radius = unit * random(1, 6)
      if chance(0.5) {
        ring(center, radius, .gray(random(0, 0.4)), thickness: unit * 0.5)
      } else {
        disc(center, radius, .gray(random(0.1, 0.5)), opacity: 0.7, roughness: 0.2)
      }
    }
    lines([at(0.75, 0.94), at(0.93, 0.94)], .gray(chance(0.5) ? 0 : 1), thickness: unit)
  }

  mutating func drawAnteriorSegment() {
    let skin = Color.hue(random(0.02, 0.09), random(0.25, 0.6), random(0.45, 0.95))
    rectangle(.zero, at(1, 1), skin)
    let folds = noise(random(2, 8), octaves: 3, aspect: 3)
    modulate(folds, by: random(0.08, 0.25))
    let center = at(random(0.4, 0.6), random(0.42, 0.58))
    let open = random(0.25, 0.6), reach = width * random(0.36, 0.7)
    disc(center, reach, Color(0.93, 0.88, 0.85), stretch: Point(1, open))
    for _ in 0..<8 {
      let start = center + Point(random(-0.9, 0.9) * reach, random(-0.3, 0.3) * reach)
      lines(
        [start, start + Point(random(-8, 8), random(-4, 4)) * unit], Color(0.75, 0.2, 0.2),
        thickness: unit * random(0.2, 0.7), opacity: 0.7)
    }
    let iris = min(reach * open, reach) * random(0.8, 1.15)
    disc(
      center, iris, .hue(pick([0.06, 0.08, 0.1, 0.57, 0.6]), random(0.3, 0.8), random(0.2, 0.6)))
    let stripes = noise(30, octaves: 2)
    modulate(stripes, by: 0.15)
    disc(center, iris * random(0.3, 0.65), chance(0.7) ? .gray(0.03) : Color(0.6, 0.3, 0.15))
    disc(center + Point(0.3, -0.3) * iris, iris * 0.12, .gray(1))
    if chance(0.3) {
      rectangle(
        center - Point(iris * 0.1, iris), center + Point(iris * 0.15, iris), .gray(1), opacity: 0.55
      )
    }
  }

  mutating func drawColorMap() {
    let hasDisc = chance(0.6), dark = chance(0.5)
    rectangle(.zero, at(1, 1), dark ? .gray(0.03) : .gray(1))
    let field = noise(random(1.5, 4), octaves: 2), steps = 6 + stream.index(below: 14)
    let center = at(0.5, 0.5), radius = min(width, height) * 0.46
    for y in 0..<canvas.height {
      for x in 0..<canvas.width
      where !hasDisc || (Point(Float(x), Float(y)) - center).length < radius {
        let index = y * canvas.width + x
        let value = min(1, max(0, 0.5 + field.values[index] * 0.8))
        let level = (value * Float(steps)).rounded() / Float(steps)
        canvas.pixels[index] = .hue(0.68 * (1 - level), 0.95, 0.95)
      }
    }
    if chance(0.6) {
      for step in 0..<20 {
        let y = 0.1 + 0.04 * Float(step)
        rectangle(at(0.94, y), at(0.98, y + 0.04), .hue(0.68 * Float(step) / 20))
      }
    }
  }

  mutating func drawHeadScan() {
    rectangle(.zero, at(1, 1), .gray(random(0, 0.03)))
    let center = at(0.5, 0.5), radius = min(width, height) * random(0.38, 0.48)
    let tall = Point(random(0.8, 1), 1)
    disc(center, radius, .gray(random(0.4, 0.95)), stretch: tall)
    disc(center, radius * random(0.86, 0.95), .gray(random(0.3, 0.5)), stretch: tall)
    let folds = noise(random(8, 16), octaves: 3)
    modulate(folds, by: 0.45)
    for side: Float in [-1, 1] {
      disc(
        center + Point(side * 0.12, 0) * radius * 2, radius * 0.2, .gray(0.08),
        stretch: Point(0.5, 1))
      disc(center + Point(side * 0.42, -0.75) * radius, radius * 0.17, .gray(random(0.2, 0.9)))
    }
    let fine = grain(0.7)
    modulate(fine, by: 0.06)
  }

  mutating func drawWaveform() {
    let dark = chance(0.3)
    if dark { rectangle(.zero, at(1, 1), .gray(0.02)) }
    if chance(0.4) {
      for step in 1..<10 {
        let share = Float(step) / 10
        lines([at(share, 0), at(share, 1)], .gray(dark ? 0.25 : 0.85), thickness: 0.8)
        lines([at(0, share), at(1, share)], .gray(dark ? 0.25 : 0.85), thickness: 0.8)
      }
    }
    let traces = 1 + stream.index(below: 5)
    for trace in 0..<traces {
      let base = (Float(trace) + 0.5) / Float(traces)
      let peak = random(0.15, 0.5), size = random(0.1, 0.4) / Float(traces)
      let points = (0...80).map { step -> Point in
        let t = Float(step) / 80
        let wave =
          -0.5 * exp(-pow((t - peak) / 0.03, 2)) + exp(-pow((t - peak - 0.12) / 0.07, 2))
          + 0.1 * sin(40 * t)
        return at(0.05 + 0.9 * t, base - size * wave)
      }
      lines(points, dark ? Color(0.3, 1, 0.4) : .gray(0.1), thickness: unit * random(0.3, 0.8))
    }
    print(at: at(0.05, 0.92), characters: 6, size: unit * 3, .gray(dark ? 0.9 : 0.1))
  }

  mutating func drawScene() {
    let sky = Color.hue(random(0, 1), random(0.05, 0.6), random(0.4, 1))
    let ground = Color.hue(random(0, 1), random(0.1, 0.7), random(0.15, 0.7))
    let horizon = random(0.2, 0.8)
    rectangle(.zero, at(1, 1), sky)
    rectangle(at(0, horizon), at(1, 1), ground)
    for _ in 0..<3 + stream.index(below: 6) {
      let color = Color.hue(random(0, 1), random(0.05, 0.8), random(0.1, 0.95))
      let start = at(random(0, 1), random(0, 1))
      if chance(0.5) {
        rectangle(start, start + Point(random(5, 40), random(5, 50)) * unit, color)
      } else {
        disc(start, unit * random(4, 28), color, stretch: Point(1, random(0.6, 1)), roughness: 0.1)
      }
    }
    let texture = noise(random(4, 20), octaves: 4), fine = grain(0.8)
    modulate(texture, by: random(0.1, 0.4))
    modulate(fine, by: random(0.01, 0.08))
    if chance(0.35) {
      for index in canvas.pixels.indices {
        let color = canvas.pixels[index]
        canvas.pixels[index] = .gray(0.3 * color.x + 0.59 * color.y + 0.11 * color.z)
      }
    }
  }
}
