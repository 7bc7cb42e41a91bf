import Foundation

/// A coarsely sketched retinal image, with far more variety than ``SyntheticFundus`` and far less realism:
/// the modality classifier must not depend on the details of one renderer.
public struct SketchedRetina: Sendable, Hashable {
  /// The kind of image.
  public var modality: ImagingModality
  /// Seed of everything.
  public var seed: UInt64

  /// Describes an image.
  public init(modality: ImagingModality, seed: UInt64) {
    self.modality = modality
    self.seed = seed
  }

  /// Draws the image.
  ///
  /// - Parameter size: pixels along the longest side, at least 16.
  public func render(size: Int = 256) -> FundusImage {
    precondition(size >= 16, "an image needs 16 pixels along its longest side, not \(size)")
    var stream = RandomStream(seed: seed).derived("sketch").derived(modality.rawValue)
    let isScan = modality == .coherenceTomography
    let short = Int(Float(size) * stream.uniform(in: isScan ? 0.3..<1 : 0.62..<1))
    var pad = SketchPad(width: size, height: max(12, short), stream: stream)
    switch modality {
    case .colorFundus: pad.drawFundus(inColor: true)
    case .angiography: pad.drawFundus(inColor: false)
    case .coherenceTomography: pad.drawScan()
    }
    return pad.image
  }
}

extension SketchPad {
  /// A fundus with vessels, disc and spots, whole in its round field or filling the image.
  mutating func drawFundus(inColor: Bool) {
    let center = at(random(0.42, 0.58), random(0.42, 0.58))
    let fills = chance(0.35)
    let radius = fills ? 2 * width : min(width, height) * random(0.42, 0.62)
    let surround: Color = chance(0.85) ? .gray(random(0, 0.06)) : .gray(random(0.9, 1))
    let level = inColor ? random(0.45, 1) : random(0.12, 0.8)
    let base: Color =
      inColor ? .hue(random(-0.01, 0.12), random(0.4, 0.95), level) : .gray(level)
    rectangle(.zero, at(1, 1), base)
    let clouds = noise(random(1, 5), octaves: 3), mottling = noise(random(20, 70), octaves: 2)
    modulate(clouds, by: random(0.05, 0.35))
    modulate(mottling, by: random(0, 0.12))
    let light = base + Color(0.25, 0.28, 0.22) * random(0.3, 1.6)
    let dark = base * Color(0.6, 0.3, 0.25)
    for _ in 0..<stream.index(below: 12) {
      let spot = center + Point(random(-1, 1), random(-1, 1)) * min(radius, width) * 0.6
      let isLight = chance(0.5)
      disc(
        spot, unit * random(0.4, 9), inColor ? (isLight ? light : dark) : .gray(random(0, 1)),
        softness: random(0, 0.8), opacity: random(0.3, 1), roughness: random(0, 0.3))
    }
    let optic = center + Point(random(-0.5, 0.5), random(-0.1, 0.1)) * width * 0.5
    if chance(0.8) {
      disc(
        optic, unit * random(4, 9), inColor ? light : .gray(random(0, 1)),
        stretch: Point(random(0.8, 1), 1), softness: 0.3, opacity: random(0.5, 1))
    }
    drawVessels(from: optic, inColor ? dark : .gray(chance(0.65) ? random(0.6, 1) : random(0, 0.3)))
    if chance(0.6) {
      disc(
        center, unit * random(5, 14), base * 0.55, softness: 1.2, opacity: random(0.2, 0.9))
    }
    let fade = random(0, 0.6), grainLevel = random(0, 0.06)
    let fine = grain(random(0.5, 1))
    for y in 0..<canvas.height {
      for x in 0..<canvas.width {
        let index = y * canvas.width + x
        let distance = (Point(Float(x), Float(y)) - center).length
        let share = fills ? distance / width : distance / radius
        var color = canvas.pixels[index] * (1 - fade * share * share)
        color += Color(repeating: grainLevel * fine.values[index])
        canvas.pixels[index] = distance < radius ? color : surround
      }
    }
    if !inColor, chance(0.3) {
      print(at: at(0.03, 0.92), characters: 8, size: unit * 3, .gray(0.9))
    }
  }

  private mutating func drawVessels(from origin: Point, _ color: Color) {
    let opacity = random(0.35, 1)
    for _ in 0..<4 + stream.index(below: 10) {
      var place = origin, angle = random(0, 2 * .pi), thickness = unit * random(0.6, 2.2)
      let bend = random(-0.12, 0.12)
      var points = [place], radii = [thickness / 2]
      for _ in 0..<22 {
        angle += bend + random(-0.15, 0.15)
        thickness *= 0.95
        place += Point(cos(angle), sin(angle)) * unit * 3.5
        points.append(place)
        radii.append(thickness / 2)
      }
      var plane = Plane(width: canvas.width, height: canvas.height)
      plane.addStroke(points, radii: radii)
      canvas.blend(plane, toward: color, opacity: opacity)
    }
  }

  /// Layers that run from side to side.
  mutating func drawScan() {
    let count = 3 + stream.index(below: 6)
    let top = random(0.15, 0.5), thickness = random(0.18, 0.5)
    let bend = random(-0.25, 0.3), tilt = random(-0.25, 0.25), pit = random(0, 1) * thickness
    let pitAt = random(0.3, 0.7), pitWidth = random(0.06, 0.16), wave = random(0, 0.03)
    var levels: [Float] = []
    for layer in 0..<count {
      levels.append(layer == 0 || layer == count - 1 ? random(0.55, 1) : random(0.15, 0.85))
    }
    let vitreous = random(0, 0.14), deep = random(0.02, 0.3), below = random(0.1, 0.5)
    let grainLevel = random(0.05, 0.4), fine = grain(random(0.4, 1.5))
    let fog = noise(random(5, 20), octaves: 3, aspect: 2)
    let lift = chance(0.3) ? random(0.03, 0.12) : 0, liftAt = random(0.3, 0.7)
    for x in 0..<canvas.width {
      let u = Float(x) / width, v = u - 0.5
      let base =
        top + thickness + bend * v * v + tilt * v + wave * sin(u * 19)
      let raised = lift * exp(-pow((u - liftAt) / 0.15, 2))
      let first =
        top + bend * v * v + tilt * v + wave * sin(u * 19)
        + 0.6 * pit * exp(-pow((u - pitAt) / pitWidth, 2)) - raised
      let last = base - raised
      for y in 0..<canvas.height {
        let index = y * canvas.width + x
        let depth = Float(y) / height
        var value = vitreous
        if depth > base {
          value = deep + (levels[count - 1] * 0.7 - deep) * exp(-(depth - base) / below * 3)
        } else if depth > last {
          value = lift > 0 ? 0.05 : levels[count - 1]
        } else if depth > first {
          let share = (depth - first) / max(1e-3, last - first)
          value = levels[min(count - 1, Int(share * Float(count)))]
        }
        value *= 1 + 0.25 * fog.values[index]
        value += grainLevel * (0.15 + value) * fine.values[index]
        canvas.pixels[index] = .gray(max(0, value))
      }
    }
    if chance(0.25) {
      lines([at(0.85, 0.93), at(0.95, 0.93)], .gray(1), thickness: unit)
      lines([at(0.85, 0.93), at(0.85, 0.83)], .gray(1), thickness: unit)
    }
  }
}
