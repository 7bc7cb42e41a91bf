/// Infarcts of the nerve fiber layer: pale fluffy patches with feathered edges.
struct CottonWoolSpots: FundusFinding {
  let kind = FindingKind.cottonWoolSpots
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.retina
  private let tufts: [[(place: Point, radius: Float, outline: Outline)]]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var placer = FindingPlacer(eye: eye, stream: stream)
    let places = placer.places(
      1 + Int(7.5 * severity), in: area, otherwise: .nearDisc(0.22..<0.75), gap: 0.14)
    var sites: [FindingSite] = []
    var tufts: [[(place: Point, radius: Float, outline: Outline)]] = []
    for place in places {
      let radius = placer.stream.uniform(in: 0.026..<0.05)
      sites.append(FindingSite(place: place, radius: radius))
      let along = eye.traits.fiberDirection(at: place)
      tufts.append(
        (0..<4).map { _ in
          let shift =
            along * placer.stream.uniform(in: -0.7..<0.7)
            + along.normal * placer.stream.uniform(in: -0.35..<0.35)
          return (
            place + shift * radius, radius * placer.stream.uniform(in: 0.45..<0.8),
            Outline(roughness: 0.2, stream: &placer.stream)
          )
        })
    }
    self.sites = sites
    self.tufts = tufts
  }

  private func cover(_ view: FundusView, _ empty: Plane) -> Plane {
    var cover = empty
    for tuft in tufts.joined() {
      cover.addBlob(
        at: view.pixel(tuft.place), radius: tuft.radius * view.scale, outline: tuft.outline,
        softness: 1.3)
    }
    return cover
  }

  func paint(on painter: inout ColorPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.canvas.blend(cover, toward: Color(0.98, 0.89, 0.69), opacity: 0.85)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.block(cover, opacity: 0.75)
    painter.mark(cover, as: kind)
  }
}
