/// Retina without capillaries: dark patches in an angiogram, hardly seen otherwise.
struct NonPerfusion: FundusFinding {
  let kind = FindingKind.nonPerfusion
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.retina
  private let outlines: [Outline]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var placer = FindingPlacer(eye: eye, stream: stream)
    let places = placer.places(
      1 + Int(5 * severity), in: area, otherwise: .periphery(0.5), gap: 0.3)
    sites = places.map {
      FindingSite(place: $0, radius: placer.stream.uniform(in: 0.1..<0.2) * (0.7 + severity / 2))
    }
    outlines = places.map { _ in Outline(roughness: 0.3, stream: &placer.stream) }
  }

  func paint(on painter: inout AngiogramPainter) {
    var cover = painter.cover()
    cover.addBlobs(at: sites, outlines, in: painter.view, softness: 0.3)
    painter.block(cover, opacity: 0.8)
    painter.mark(cover, as: kind)
  }
}
