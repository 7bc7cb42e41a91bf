/// Round and blotted hemorrhages deep in the retina.
struct DotHemorrhages: FundusFinding {
  let kind = FindingKind.dotHemorrhages
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.retina
  private let outlines: [Outline]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var placer = FindingPlacer(eye: eye, stream: stream)
    let count = 3 + Int(42 * severity * severity)
    let places = placer.places(count, in: area, otherwise: .posteriorPole, gap: 0.05)
    sites = places.map { place in
      let size = placer.stream.uniform()
      return FindingSite(place: place, radius: 0.011 + 0.026 * size * size * (0.5 + severity))
    }
    outlines = places.map { _ in Outline(roughness: 0.28, stream: &placer.stream) }
  }

  private func cover(_ view: FundusView, _ empty: Plane) -> Plane {
    var cover = empty
    cover.addBlobs(at: sites, outlines, in: view, softness: 0.5)
    return cover
  }

  func paint(on painter: inout ColorPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.canvas.blend(cover, toward: Color(0.40, 0.065, 0.05), opacity: 0.82)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.block(cover, opacity: 0.9)
    painter.mark(cover, as: kind)
  }
}
