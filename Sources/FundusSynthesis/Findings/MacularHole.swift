import Foundation

/// A full-thickness gap at the fovea: a round red spot with a gray cuff of lifted retina.
struct MacularHole: FundusFinding {
  let kind = FindingKind.macularHole
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.retina
  private let outline: Outline
  private let deposits: [Point]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var stream = stream
    let radius = 0.042 + 0.045 * severity
    sites = [
      FindingSite(
        place: Point(stream.uniform(in: -0.01..<0.01), stream.uniform(in: -0.01..<0.01)),
        radius: radius)
    ]
    outline = Outline(
      roughness: 0.05, stream: &stream,
      stretch: Point(stream.uniform(in: 0.95..<1.15), 1), angle: stream.uniform(in: 0..<3))
    deposits = (0..<6 + stream.index(below: 8)).map { _ in
      let angle = stream.uniform(in: 0..<2 * .pi)
      return Point(cos(angle), sin(angle)) * radius * stream.uniform(in: 0.1..<0.8)
    }
  }

  func paint(on painter: inout ColorPainter) {
    let view = painter.view
    guard let site = sites.first else { return }
    let at = view.pixel(site.place), radius = site.radius * view.scale
    var cuff = painter.cover(), hole = cuff, dots = cuff, rim = cuff
    cuff.addBlob(at: at, radius: radius * 2.1, outline: outline, softness: 0.5)
    rim.addBlob(at: at, radius: radius * 1.16, outline: outline, softness: 0.22)
    hole.addBlob(at: at, radius: radius, outline: outline, softness: 0.14)
    for deposit in deposits {
      dots.addBlob(
        at: view.pixel(site.place + deposit), radius: 0.0035 * view.scale, softness: 0.6)
    }
    painter.canvas.blend(cuff, toward: Color(0.72, 0.52, 0.33), opacity: 0.5)
    painter.canvas.blend(rim, toward: Color(0.86, 0.66, 0.4), opacity: 0.6)
    painter.canvas.blend(hole, toward: Color(0.5, 0.14, 0.075), opacity: 0.9)
    painter.canvas.blend(dots, toward: Color(0.95, 0.76, 0.38), opacity: 0.75)
    painter.mark(hole, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    guard let site = sites.first else { return }
    var hole = painter.cover()
    hole.addBlob(
      at: painter.view.pixel(site.place), radius: site.radius * painter.view.scale,
      outline: outline, softness: 0.3)
    painter.glow(hole, to: 0.62)
    painter.mark(hole, as: kind)
  }

  func paint(on painter: inout TomogramPainter) {
    painter.addHole(width: 0.045 + 0.05 * severity, kind: kind)
  }
}
