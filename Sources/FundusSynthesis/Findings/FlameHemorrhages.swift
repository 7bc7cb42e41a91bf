/// Blood between nerve fibers: feathered streaks along them.
struct FlameHemorrhages: FundusFinding {
  let kind = FindingKind.flameHemorrhages
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.retina
  private let strands: [[(points: [Point], radius: Float)]]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var placer = FindingPlacer(eye: eye, stream: stream)
    let count = 3 + Int(38 * severity * severity)
    let places = placer.places(count, in: area, otherwise: .nearDisc(0.15..<0.75), gap: 0.045)
    var sites: [FindingSite] = [], strands: [[(points: [Point], radius: Float)]] = []
    for place in places {
      let length = placer.stream.uniform(in: 0.035..<0.06) * (0.8 + severity)
      sites.append(FindingSite(place: place, radius: length / 2))
      let along = eye.traits.fiberDirection(at: place)
      let bundle = (0..<5 + placer.stream.index(below: 5)).map { _ in
        let offset =
          along * placer.stream.uniform(in: -0.35..<0.35) * length
          + along.normal * placer.stream.uniform(in: -0.3..<0.3) * length
        let half = length * placer.stream.uniform(in: 0.3..<0.75)
        let middle = place + offset
        let bend = along.normal * placer.stream.uniform(in: -0.12..<0.12) * half
        return (
          points: [middle - along * half, middle + bend, middle + along * half],
          radius: placer.stream.uniform(in: 0.003..<0.0085)
        )
      }
      strands.append(bundle)
    }
    self.sites = sites
    self.strands = strands
  }

  private func cover(_ view: FundusView, _ empty: Plane) -> Plane {
    var cover = empty
    for strand in strands.joined() {
      let radius = strand.radius * view.scale
      cover.addStroke(
        strand.points.map(view.pixel), radii: [radius * 0.15, radius, radius * 0.15],
        softness: max(1, 0.006 * view.scale))
    }
    return cover
  }

  func paint(on painter: inout ColorPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.canvas.blend(cover, toward: Color(0.52, 0.075, 0.05), opacity: 0.86)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.block(cover, opacity: 0.88)
    painter.mark(cover, as: kind)
  }
}
