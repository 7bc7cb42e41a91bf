/// A pool of blood in front of the retina: a boat with a level upper border.
struct PreretinalHemorrhage: FundusFinding {
  let kind = FindingKind.preretinalHemorrhage
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.preretina
  private let outline: Outline

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var placer = FindingPlacer(eye: eye, stream: stream)
    let radius = 0.1 + 0.13 * severity
    let region: FindingPlacer.Region =
      placer.stream.uniform() < 0.35 ? .macula(0.05..<0.25) : .arcades
    let places = placer.places(1, in: area, otherwise: region)
    sites = places.map { FindingSite(place: $0, radius: radius) }
    outline = Outline(roughness: 0.1, stream: &placer.stream, stretch: Point(1.25, 0.9))
  }

  private func cover(_ view: FundusView, _ empty: Plane) -> Plane {
    var cover = empty
    for site in sites {
      let center = view.pixel(site.place), radius = site.radius * view.scale
      cover.addBlob(at: center, radius: radius, outline: outline, softness: 0.08)
      let level = center.y - radius * 0.25
      for y in 0..<cover.height {
        let shown = smoothStep(level - 1.5, level + 1.5, Float(y))
        if shown >= 1 { break }
        for x in 0..<cover.width { cover.values[y * cover.width + x] *= shown }
      }
    }
    return cover
  }

  func paint(on painter: inout ColorPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.canvas.blend(cover, toward: Color(0.37, 0.045, 0.035), opacity: 0.93)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.block(cover, opacity: 0.97)
    painter.mark(cover, as: kind)
  }
}
