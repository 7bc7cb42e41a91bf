import Foundation

/// Paints the color photograph of an eye.
struct ColorRenderer {
  let eye: FundusEye
  private var view: FundusView { eye.view }
  private var traits: FundusTraits { eye.traits }

  /// The image and what each finding covers of it.
  func render(_ findings: [any FundusFinding]) -> (canvas: Canvas, masks: [FindingKind: Plane]) {
    var painter = ColorPainter(eye: eye)
    paintGround(&painter.canvas)
    paint(findings, .choroid, &painter)
    DiscPainter(eye: eye).paint(&painter.canvas)
    paint(findings, .disc, &painter)
    paintVessels(&painter.canvas)
    paint(findings, .retina, &painter)
    paint(findings, .preretina, &painter)
    let photograph = CameraModel(eye: eye).expose(painter.canvas)
    return (photograph, painter.masks)
  }

  private func paint(
    _ findings: [any FundusFinding], _ layer: FindingLayer, _ painter: inout ColorPainter
  ) {
    for finding in findings where finding.layer == layer { finding.paint(on: &painter) }
  }

  /// Pigment epithelium, choroid and macula.
  private func paintGround(_ canvas: inout Canvas) {
    let choroid = ChoroidalVessels(eye: eye).cover()
    let fine = eye.texture(2, frequency: 40, octaves: 2, gain: 0.6)
    let broad = eye.texture(3, frequency: 1.3, octaves: 3)
    let light = Color(0.86, 0.455, 0.245), dark = Color(0.64, 0.335, 0.18)
    let ground = light + (dark - light) * traits.pigment
    // Choroidal vessels are orange; the pigment between them is darker in darker eyes.
    let vessel = Color(0.93, 0.52, 0.29)
    let gap = Color(0.66, 0.32, 0.16) * (1.05 - 0.3 * traits.pigment)
    let foveaShade = Color(0.2, 0.27, 0.2) * (0.75 + 0.4 * traits.pigment)
    let foveolaShade = Color(0.12, 0.2, 0.16)
    let size = view.size
    let limit = (view.radius + 2) * (view.radius + 2)
    for y in 0..<size {
      for x in 0..<size {
        let pixel = Point(Float(x), Float(y))
        let offset = pixel - view.center
        guard (offset * offset).sum() < limit else { continue }
        let index = y * size + x
        let place = view.retina(pixel)
        let distance = (place * place).sum()
        let macula = exp(-distance * (1 / 0.058))
        let ridge = choroid.values[index]
        var color = ground
        let shown = traits.tessellation * (1 - 0.75 * macula)
        if shown > 0 {
          let through = gap + (vessel - gap) * ridge
          color += (through - color) * min(1, shown)
        }
        let mottle: Float = 0.055 * fine.values[index] + 0.1 * broad.values[index]
        color *= 0.9825 + mottle + 0.03 * ridge
        let toDisc = place - traits.discCenter
        let glow: Float = 1 + 0.16 * exp(-9 * (toDisc * toDisc).sum())
        color *= glow
        let foveola: Float = exp(-420 * distance)
        color *= Color.one - foveaShade * macula
        color *= Color.one - foveolaShade * foveola
        canvas.pixels[index] = color
      }
    }
    paintReflexes(&canvas)
  }

  /// The sheen of young eyes: nerve fibers, the ring around the macula, the point in the foveola.
  private func paintReflexes(_ canvas: inout Canvas) {
    guard traits.youth > 0.05 else { return }
    let size = view.size
    let streaks = NoiseField(seed: eye.textureSeed &+ 77, frequency: 7, octaves: 3, gain: 0.7)
    let line = streaks.plane(width: 512, height: 1, origin: .zero, step: 1 / 81.49)
    for y in 0..<size {
      for x in 0..<size {
        let place = view.retina(Point(Float(x), Float(y)))
        let toDisc = place - traits.discCenter
        let distance = toDisc.length
        guard distance < 0.75, distance > 0.05 else { continue }
        let angle = atan2(toDisc.y, toDisc.x)
        // Fibers are thickest above and below the disc, along the arcades.
        let thickness = abs(sin(angle * 0.92 + 0.15)) * smoothStep(0.75, 0.15, distance)
        let streak = line.values[Int((angle + .pi) * 81.3) & 511]
        let sheen = traits.youth * thickness * (0.05 + 0.06 * streak)
        canvas.pixels[y * size + x] += Color(0.75, 0.8, 0.6) * max(0, sheen)
      }
    }
    var ring = Plane(width: size, height: size)
    ring.addHill(
      at: view.pixel(Point(0.008, 0.004)), deviation: Point(0.007, 0.006) * view.scale,
      strength: traits.youth)
    canvas.add(ring, Color(0.22, 0.2, 0.14))
  }

  /// Arteries above veins, with their light streaks.
  private func paintVessels(_ canvas: inout Canvas) {
    let size = view.size
    var veins = Plane(width: size, height: size), arteries = veins, streaks = veins
    let softness = max(1, 0.004 * view.scale)
    for vessel in eye.vessels {
      let points = vessel.points.map(view.pixel)
      let radii = vessel.radii.map { $0 * view.scale }
      let thickness = min(1, (vessel.radii.first ?? 0) / 0.009)
      let strength = 0.55 + 0.45 * thickness
      if vessel.isArtery {
        arteries.addStroke(points, radii: radii, softness: softness, strength: strength)
      } else {
        veins.addStroke(points, radii: radii, softness: softness, strength: strength)
      }
      if vessel.order < 2 {
        let shine = vessel.isArtery ? traits.arterialReflex : 0.1
        streaks.addStroke(
          points, radii: radii.map { $0 * 0.3 }, softness: softness,
          strength: shine * min(1, thickness * 1.2))
      }
    }
    if traits.nicking > 0 { nick(&veins, arteries) }
    canvas.multiply(veins, by: Color(0.61, 0.32, 0.36), opacity: 0.95)
    canvas.multiply(arteries, by: Color(0.83, 0.5, 0.5), opacity: 0.95)
    canvas.add(streaks, Color(0.34, 0.26, 0.17))
  }

  /// Hides veins on both sides of the arteries that cross them.
  private func nick(_ veins: inout Plane, _ arteries: Plane) {
    let wide = arteries.blurred(0.011 * view.scale)
    veins.combine(wide) { vein, artery in
      vein * (1 - traits.nicking * min(1, artery * 2.4))
    }
  }
}
