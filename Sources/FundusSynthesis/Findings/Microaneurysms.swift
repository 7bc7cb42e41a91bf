/// Tiny red dots; each a bright point with a faint halo of dye in an angiogram.
struct Microaneurysms: FundusFinding {
  let kind = FindingKind.microaneurysms
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.retina

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var placer = FindingPlacer(eye: eye, stream: stream)
    let count = 4 + Int(38 * severity * severity)
    let places = placer.places(count, in: area, otherwise: .posteriorPole, gap: 0.025)
    sites = places.map {
      FindingSite(place: $0, radius: placer.stream.uniform(in: 0.0055..<0.0095))
    }
  }

  func paint(on painter: inout ColorPainter) {
    var cover = painter.cover()
    for site in sites {
      cover.addBlob(
        at: painter.view.pixel(site.place), radius: site.radius * painter.view.scale, softness: 0.6)
    }
    painter.canvas.blend(cover, toward: Color(0.46, 0.07, 0.055), opacity: 0.85)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    var cover = painter.cover()
    for site in sites {
      cover.addBlob(
        at: painter.view.pixel(site.place), radius: site.radius * painter.view.scale, softness: 0.6)
    }
    painter.leak(cover, spread: 0.016, early: 0.6, late: 1.6)
    painter.glow(cover, to: 0.95)
    painter.mark(cover, as: kind)
  }
}
