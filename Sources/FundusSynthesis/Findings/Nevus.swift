/// A flat slate-gray patch of the choroid, often with a few drusen on it.
struct Nevus: FundusFinding {
  let kind = FindingKind.nevus
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.choroid
  private let outline: Outline
  private let drusen: [Point]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var placer = FindingPlacer(eye: eye, stream: stream)
    let radius = 0.08 + 0.12 * severity
    sites = placer.places(1, in: area, otherwise: .periphery(0.35)).map {
      FindingSite(place: $0, radius: radius)
    }
    outline = Outline(roughness: 0.1, stream: &placer.stream, stretch: Point(1.15, 0.9))
    drusen = (0..<6).map { _ in
      Point(placer.stream.uniform(in: -0.6..<0.6), placer.stream.uniform(in: -0.5..<0.5)) * radius
    }
  }

  func paint(on painter: inout ColorPainter) {
    let view = painter.view
    var cover = painter.cover(), dots = cover
    for site in sites {
      cover.addBlob(
        at: view.pixel(site.place), radius: site.radius * view.scale, outline: outline,
        softness: 0.3)
      for dot in drusen {
        dots.addBlob(at: view.pixel(site.place + dot), radius: 0.006 * view.scale, softness: 0.6)
      }
    }
    painter.canvas.blend(cover, toward: Color(0.36, 0.26, 0.21), opacity: 0.72)
    painter.canvas.blend(dots, toward: Color(0.9, 0.7, 0.42), opacity: 0.5)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    var cover = painter.cover()
    for site in sites {
      cover.addBlob(
        at: painter.view.pixel(site.place), radius: site.radius * painter.view.scale,
        outline: outline, softness: 0.3)
    }
    painter.block(cover, opacity: 0.5)
    painter.mark(cover, as: kind)
  }
}
