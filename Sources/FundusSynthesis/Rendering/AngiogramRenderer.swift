import Foundation

/// Paints the fluorescein angiogram of an eye: bright vessels on a dark ground.
struct AngiogramRenderer {
  let eye: FundusEye
  let phase: AngiogramPhase
  private var view: FundusView { eye.view }
  private var traits: FundusTraits { eye.traits }

  /// The image and what each finding covers of it.
  func render(_ findings: [any FundusFinding]) -> (canvas: Canvas, masks: [FindingKind: Plane]) {
    var painter = AngiogramPainter(eye: eye, phase: phase)
    paintGround(&painter.light)
    paint(findings, .choroid, &painter)
    paint(findings, .disc, &painter)
    paintVessels(&painter.light)
    paint(findings, .retina, &painter)
    paint(findings, .preretina, &painter)
    return (expose(painter.light), painter.masks)
  }

  private func paint(
    _ findings: [any FundusFinding], _ layer: FindingLayer, _ painter: inout AngiogramPainter
  ) {
    for finding in findings where finding.layer == layer { finding.paint(on: &painter) }
  }

  /// The choroid behind the pigment, capillaries, and the dark macula.
  private func paintGround(_ light: inout Plane) {
    let choroid = eye.texture(1, frequency: 7, octaves: 3)
    let capillaries = eye.texture(2, frequency: 55, octaves: 1)
    let size = view.size
    let moment = AngiogramMoment(phase)
    let limit = (view.radius + 2) * (view.radius + 2)
    for y in 0..<size {
      for x in 0..<size {
        let pixel = Point(Float(x), Float(y))
        let offset = pixel - view.center
        guard (offset * offset).sum() < limit else { continue }
        let index = y * size + x
        let place = view.retina(pixel)
        let distance = (place * place).sum()
        var value = moment.flush * (1.1 - 0.35 * traits.pigment)
        value *= 1 + moment.patchiness * choroid.values[index] * (0.5 + traits.tessellation)
        // No capillaries and dense pigment at the fovea.
        let fovea: Float = exp(-distance * 95)
        let macula: Float = exp(-distance * 14)
        value += moment.capillaries * capillaries.values[index] * (1 - fovea)
        value *= 1 - 0.38 * macula - 0.3 * fovea
        let disc = traits.discDistance(place)
        let edge = 0.1 + 0.4 * traits.discSwelling
        let inside = 1 - smoothStep(1 - edge, 1 + edge, disc)
        let rim: Float = exp(-pow((disc - 0.95) * 6, 2))
        let pallor = 1 - 0.4 * traits.discPallor
        value += (moment.disc * pallor * (0.72 + 0.4 * rim) - value) * inside
        light.values[index] = value
      }
    }
  }

  private func paintVessels(_ light: inout Plane) {
    let size = view.size
    var veins = Plane(width: size, height: size), arteries = veins
    let softness = max(1, 0.0032 * view.scale)
    for vessel in eye.vessels {
      let points = vessel.points.map(view.pixel)
      let radii = vessel.radii.map { $0 * view.scale }
      let thickness = min(1, (vessel.radii.first ?? 0) / 0.009)
      let strength = 0.5 + 0.5 * thickness
      if vessel.isArtery {
        arteries.addStroke(points, radii: radii, softness: softness, strength: strength)
      } else {
        veins.addStroke(points, radii: radii, softness: softness, strength: strength)
      }
    }
    let moment = AngiogramMoment(phase)
    for index in light.values.indices {
      let full = max(arteries.values[index] * moment.artery, veins.values[index] * moment.vein)
      let covered = max(arteries.values[index], veins.values[index])
      let value = light.values[index]
      // Vessels without dye hide the light from behind them.
      let behind = value * (1 - moment.shadow * covered)
      light.values[index] = max(behind, behind + full - value * covered * (1 - moment.shadow))
    }
  }

  private func expose(_ scene: Plane) -> Canvas {
    let camera = eye.camera
    var light = scene
    if camera.haze > 0 {
      light = light.blurred(0.004 * view.scale + camera.haze * 0.018 * view.scale)
      for index in light.values.indices {
        light.values[index] += (0.32 - light.values[index]) * camera.haze * 0.6
      }
    }
    light = light.blurred(camera.blur * view.scale)
    let size = view.size
    var canvas = Canvas(width: size, height: size)
    let seed = eye.textureSeed &+ 4321
    for y in 0..<size {
      for x in 0..<size {
        let index = y * size + x
        let offset = (Point(Float(x), Float(y)) - view.center) / view.radius
        let distance = offset.length
        let inside = min(max((1 - distance) * view.radius + 0.5, 0), 1)
        let fall = distance * distance
        let shade = (1 - camera.vignette * fall) * (1 + (camera.gradient * offset).sum())
        let random = NoiseField.hash(Int32(x), Int32(y), seed)
        let sum =
          Float(random & 255) + Float(random >> 8 & 255) + Float(random >> 16 & 255)
          + Float(random >> 24)
        let grain = (sum - 510) * (1 / 148) * (camera.noise * 1.3 + 0.008)
        let value = light.values[index] * shade * camera.exposure * inside + 0.015
        canvas.pixels[index] = CameraModel.compressed(
          Color(repeating: value + grain * (0.2 + 0.8 * inside)))
      }
    }
    return canvas
  }
}

/// How bright the parts of an eye are at a phase of its angiogram.
private struct AngiogramMoment {
  /// The choroid behind the pigment.
  let flush: Float
  /// How uneven the choroid is: it fills in patches.
  let patchiness: Float
  let capillaries: Float
  let disc: Float
  let artery: Float
  let vein: Float
  /// How far vessels without dye darken what lies behind them.
  let shadow: Float

  init(_ phase: AngiogramPhase) {
    switch phase {
    case .armToRetina:
      (flush, patchiness, capillaries, disc) = (0.15, 1.5, 0, 0.1)
      (artery, vein, shadow) = (0.03, 0.02, 0.7)
    case .arterial:
      (flush, patchiness, capillaries, disc) = (0.19, 0.5, 0.025, 0.27)
      (artery, vein, shadow) = (0.86, 0.06, 0.5)
    case .venous:
      (flush, patchiness, capillaries, disc) = (0.235, 0.22, 0.06, 0.36)
      (artery, vein, shadow) = (0.88, 0.83, 0)
    case .late:
      // Dye leaves the vessels again: they are hardly brighter than the ground.
      (flush, patchiness, capillaries, disc) = (0.3, 0.22, 0.03, 0.52)
      (artery, vein, shadow) = (0.47, 0.44, 0)
    }
  }
}
