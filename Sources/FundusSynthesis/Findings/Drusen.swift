/// Deposits beneath the pigment epithelium: yellowish round dots, soft when large.
struct Drusen: FundusFinding {
  let kind = FindingKind.drusen
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.choroid

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var placer = FindingPlacer(eye: eye, stream: stream)
    let count = 10 + Int(75 * severity)
    let near = placer.places(count * 3 / 4, in: .macula(0.02..<0.26), gap: 0.018)
    let far = placer.places(count / 4, in: .macula(0.2..<0.45), gap: 0.03)
    sites = (near + far).map {
      let size = placer.stream.uniform()
      return FindingSite(place: $0, radius: 0.007 + (0.008 + 0.017 * severity) * size * size)
    }
  }

  private func cover(_ view: FundusView, _ empty: Plane) -> Plane {
    var cover = empty
    for site in sites {
      cover.addBlob(
        at: view.pixel(site.place), radius: site.radius * view.scale,
        softness: site.radius > 0.014 ? 0.9 : 0.5)
    }
    return cover
  }

  func paint(on painter: inout ColorPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.canvas.blend(cover, toward: Color(0.99, 0.81, 0.46), opacity: 0.74)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.glow(cover, to: 0.5 + 0.28 * painter.lateness)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout TomogramPainter) {
    painter.addDrusen(count: 4 + Int(9 * severity), height: 0.016 + 0.03 * severity, kind: kind)
  }
}
