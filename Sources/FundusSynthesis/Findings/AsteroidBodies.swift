/// Bright round particles that float in the vitreous.
struct AsteroidBodies: FundusFinding {
  let kind = FindingKind.asteroidBodies
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.preretina

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var stream = stream
    sites = (0..<60 + Int(160 * severity)).map { _ in
      let reach = 1.05 * stream.uniform().squareRoot()
      let place =
        eye.view.look + Point(1, 0).rotated(by: stream.uniform(in: 0..<2 * .pi)) * reach
      let size = stream.uniform()
      return FindingSite(place: place, radius: 0.005 + 0.012 * size * size)
    }
  }

  func paint(on painter: inout ColorPainter) {
    var cover = painter.cover()
    for site in sites {
      cover.addBlob(
        at: painter.view.pixel(site.place), radius: site.radius * painter.view.scale, softness: 0.9)
    }
    painter.canvas.blend(cover, toward: Color(1.02, 0.93, 0.7), opacity: 0.85)
    painter.mark(cover, as: kind)
  }
}
