import Foundation

/// A tangle of fine new vessels on the disc or elsewhere; it leaks dye early and heavily.
struct Neovascularization: FundusFinding {
  let kind = FindingKind.neovascularization
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.preretina
  private let twigs: [[Point]]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var placer = FindingPlacer(eye: eye, stream: stream)
    let onDisc: Bool
    switch area {
    case .nearDisc: onDisc = true
    case .anywhere: onDisc = placer.stream.uniform() < 0.5
    default: onDisc = false
    }
    var sites: [FindingSite] = []
    if onDisc {
      sites.append(
        FindingSite(
          place: eye.traits.discCenter + eye.traits.discRadius * Point(-0.2, 0.1),
          radius: 0.12 + 0.07 * severity))
    }
    let elsewhere = onDisc ? Int(2 * severity) : 1 + Int(2.2 * severity)
    let places = placer.places(elsewhere, in: area, otherwise: .arcades, gap: 0.3)
    sites += places.map {
      FindingSite(place: $0, radius: placer.stream.uniform(in: 0.06..<0.1))
    }
    self.sites = sites
    var twigs: [[Point]] = []
    for site in sites {
      for _ in 0..<26 {
        var angle = placer.stream.uniform(in: 0..<2 * .pi)
        var place = site.place + Point(cos(angle), sin(angle)) * site.radius * 0.15
        var twig = [place]
        for _ in 0..<(6 + placer.stream.index(below: 8)) {
          angle += placer.stream.uniform(in: -0.9..<0.9)
          place += Point(cos(angle), sin(angle)) * site.radius * 0.13
          twig.append(place)
        }
        twigs.append(twig)
      }
    }
    self.twigs = twigs
  }

  private func cover(_ view: FundusView, _ empty: Plane) -> Plane {
    var cover = empty
    for twig in twigs {
      cover.addStroke(
        twig.map(view.pixel),
        radii: [Float](repeating: 0.0026 * view.scale, count: twig.count),
        softness: max(1, 0.003 * view.scale))
    }
    return cover
  }

  func paint(on painter: inout ColorPainter) {
    let cover = cover(painter.view, painter.cover())
    let film = cover.blurred(0.02 * painter.view.scale)
    painter.canvas.multiply(film, by: Color(0.93, 0.75, 0.78), opacity: 0.8)
    painter.canvas.blend(cover, toward: Color(0.58, 0.1, 0.08), opacity: 0.85)
    // The twigs are finer than a pixel in small images: the mask is the ground that they cover.
    var ground = film
    ground.combine(film) { _, film in min(1, 3 * film) }
    painter.mark(ground, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let cover = cover(painter.view, painter.cover())
    var cloud = painter.cover()
    for site in sites {
      cloud.addHill(
        at: painter.view.pixel(site.place),
        deviation: Point(repeating: site.radius * (0.42 + 0.2 * painter.lateness))
          * painter.view.scale)
    }
    painter.glow(cloud, to: painter.phase == .late ? 1.15 : 0.8)
    painter.glow(cover, to: 1)
    painter.mark(cloud, as: kind)
  }
}
