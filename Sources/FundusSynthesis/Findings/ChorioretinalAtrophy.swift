/// Patches where retina and choroid are lost: white sclera with pigment at the border.
struct ChorioretinalAtrophy: FundusFinding {
  let kind = FindingKind.chorioretinalAtrophy
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.choroid
  private let outlines: [Outline]
  private let pigment: [(site: Int, shift: Point, radius: Float)]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var placer = FindingPlacer(eye: eye, stream: stream)
    let places = placer.places(
      1 + Int(4.5 * severity), in: area, otherwise: .macula(0.08..<0.6), gap: 0.2)
    sites = places.map {
      FindingSite(place: $0, radius: placer.stream.uniform(in: 0.05..<0.1) * (0.8 + severity * 0.6))
    }
    outlines = places.map { _ in Outline(roughness: 0.2, stream: &placer.stream) }
    pigment = places.indices.flatMap { index in
      (0..<5).map { _ in
        let shift = Point(
          placer.stream.uniform(in: -1..<1), placer.stream.uniform(in: -1..<1))
        return (index, shift.direction, placer.stream.uniform(in: 0.08..<0.25))
      }
    }
  }

  private func cover(_ view: FundusView, _ empty: Plane) -> Plane {
    var cover = empty
    cover.addBlobs(at: sites, outlines, in: view, softness: 0.14)
    return cover
  }

  func paint(on painter: inout ColorPainter) {
    let view = painter.view
    let cover = cover(view, painter.cover())
    var dark = painter.cover()
    for spot in pigment {
      let site = sites[spot.site]
      dark.addBlob(
        at: view.pixel(site.place + spot.shift * site.radius),
        radius: spot.radius * site.radius * view.scale, outline: outlines[spot.site], softness: 0.6)
    }
    painter.canvas.blend(cover, toward: Color(1.0, 0.9, 0.68), opacity: 0.85)
    var vessels = painter.eye.texture(45, frequency: 9, octaves: 2)
    vessels.combine(cover) { value, cover in
      cover * smoothStep(0.72, 0.97, 1 - min(1, abs(value) * 3))
    }
    painter.canvas.blend(vessels, toward: Color(0.85, 0.42, 0.25), opacity: 0.45)
    painter.canvas.blend(dark, toward: Color(0.22, 0.13, 0.09), opacity: 0.75)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.block(cover, opacity: 0.6)
    painter.glow(cover, to: 0.18 + 0.45 * painter.lateness)
    painter.mark(cover, as: kind)
  }
}
