import Foundation

/// A gray-green membrane of choroidal vessels beneath the macula with blood, fluid and lipid around
/// it; lacy early and leaking late in an angiogram.
struct ChoroidalNeovascularization: FundusFinding {
  let kind = FindingKind.choroidalNeovascularization
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.choroid
  private let membrane: Outline
  private let blood: [(place: Point, radius: Float, outline: Outline)]
  private let lipid: [(place: Point, radius: Float)]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var stream = stream
    let place = Point(stream.uniform(in: -0.1..<0.1), stream.uniform(in: -0.08..<0.08))
    let radius = 0.085 + 0.07 * severity
    sites = [FindingSite(place: place, radius: radius)]
    membrane = Outline(roughness: 0.16, stream: &stream)
    let start = stream.uniform(in: 0..<2 * .pi)
    blood = (0..<3 + Int(5 * severity)).map { index in
      let angle = start + Float(index) * 0.42 + stream.uniform(in: -0.1..<0.1)
      return (
        place + Point(cos(angle), sin(angle)) * radius * stream.uniform(in: 0.95..<1.25),
        radius * stream.uniform(in: 0.35..<0.6), Outline(roughness: 0.25, stream: &stream)
      )
    }
    lipid = (0..<Int(30 * severity)).map { _ in
      let angle = start + .pi + stream.uniform(in: -0.9..<0.9)
      return (
        place + Point(cos(angle), sin(angle)) * radius * stream.uniform(in: 1.6..<2.3),
        stream.uniform(in: 0.004..<0.011)
      )
    }
  }

  func paint(on painter: inout ColorPainter) {
    let view = painter.view
    guard let site = sites.first else { return }
    var fluid = painter.cover(), core = fluid, red = fluid, fat = fluid
    fluid.addBlob(at: view.pixel(site.place), radius: site.radius * 2 * view.scale, softness: 0.5)
    core.addBlob(
      at: view.pixel(site.place), radius: site.radius * view.scale, outline: membrane,
      softness: 0.45)
    for patch in blood {
      red.addBlob(
        at: view.pixel(patch.place), radius: patch.radius * view.scale, outline: patch.outline,
        softness: 0.4)
    }
    for dot in lipid {
      fat.addBlob(at: view.pixel(dot.place), radius: dot.radius * view.scale, softness: 0.4)
    }
    painter.canvas.multiply(fluid, by: Color(0.9, 0.93, 0.95), opacity: 0.8)
    painter.canvas.blend(red, toward: Color(0.42, 0.07, 0.05), opacity: 0.85)
    painter.canvas.blend(core, toward: Color(0.66, 0.6, 0.4), opacity: 0.8)
    painter.canvas.blend(fat, toward: Color(1.04, 0.92, 0.52), opacity: 0.9)
    var mask = core
    mask.combine(red, max)
    painter.mark(mask, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let view = painter.view
    guard let site = sites.first else { return }
    var core = painter.cover(), red = core
    for patch in blood {
      red.addBlob(
        at: view.pixel(patch.place), radius: patch.radius * view.scale, outline: patch.outline,
        softness: 0.4)
    }
    core.addBlob(
      at: view.pixel(site.place), radius: site.radius * view.scale, outline: membrane,
      softness: 0.3)
    painter.block(red, opacity: 0.88)
    if painter.phase != .late {
      var lace = painter.eye.texture(41, frequency: 26, octaves: 2)
      lace.combine(core) { value, cover in
        cover * (0.35 + 0.65 * smoothStep(0.5, 0.9, 1 - min(1, abs(value) * 3)))
      }
      painter.glow(lace, to: 0.95)
    } else {
      painter.leak(core, spread: 0.035, early: 0.8, late: 1.25)
    }
    painter.mark(core, as: kind)
  }

  func paint(on painter: inout TomogramPainter) {
    painter.addSubretinalMass(
      width: 0.1 + 0.08 * severity, height: 0.035 + 0.045 * severity, kind: kind)
  }
}
