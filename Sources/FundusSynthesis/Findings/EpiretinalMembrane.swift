import Foundation

/// A translucent film over the macula: glistening patches and fine wrinkles.
struct EpiretinalMembrane: FundusFinding {
  let kind = FindingKind.epiretinalMembrane
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.preretina
  private let outline: Outline
  private let folds: [[Point]]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var stream = stream
    let place = Point(stream.uniform(in: -0.08..<0.1), stream.uniform(in: -0.1..<0.1))
    let radius = 0.2 + 0.12 * severity
    sites = [FindingSite(place: place, radius: radius)]
    outline = Outline(roughness: 0.22, stream: &stream, stretch: Point(1.2, 0.9))
    // Wrinkles run together toward the point where the film contracts.
    let knot =
      place + Point(stream.uniform(in: -0.5..<0.5), stream.uniform(in: -0.5..<0.5)) * radius
    folds = (0..<26 + Int(16 * severity)).map { _ in
      let angle = stream.uniform(in: 0..<2 * .pi)
      let away = Point(cos(angle), sin(angle))
      let start = knot + away * radius * stream.uniform(in: 0.12..<0.4)
      let end = knot + away * radius * stream.uniform(in: 0.7..<1.5)
      let bend = away.normal * radius * stream.uniform(in: -0.12..<0.12)
      return [start, (start + end) / 2 + bend, end]
    }
  }

  func paint(on painter: inout ColorPainter) {
    let view = painter.view
    guard let site = sites.first else { return }
    var film = painter.cover(), lines = film
    film.addBlob(
      at: view.pixel(site.place), radius: site.radius * view.scale, outline: outline, softness: 0.6)
    for fold in folds {
      let width = 0.0026 * view.scale
      lines.addStroke(
        fold.map(view.pixel), radii: [width * 0.3, width, width * 0.3],
        softness: max(1, 0.005 * view.scale))
    }
    let mask = film
    let cellophane = painter.eye.texture(43, frequency: 11, octaves: 3, gain: 0.6)
    film.combine(cellophane) { film, value in film * smoothStep(-0.25, 0.6, value) }
    painter.canvas.blend(film, toward: Color(0.93, 0.87, 0.72), opacity: 0.32 + 0.28 * severity)
    painter.canvas.blend(lines, toward: Color(0.98, 0.93, 0.78), opacity: 0.34 + 0.25 * severity)
    painter.mark(mask, as: kind)
  }

  func paint(on painter: inout TomogramPainter) {
    painter.addSurfaceMembrane(wrinkling: 0.006 + 0.012 * severity, kind: kind)
  }
}
