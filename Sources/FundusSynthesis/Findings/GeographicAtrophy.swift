/// Loss of the pigment epithelium at the macula: a pale patch with a sharp border through which
/// choroidal vessels show.
struct GeographicAtrophy: FundusFinding {
  let kind = FindingKind.geographicAtrophy
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.choroid
  private let outlines: [Outline]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var stream = stream
    var sites = [
      FindingSite(
        place: Point(stream.uniform(in: -0.06..<0.06), stream.uniform(in: -0.05..<0.05)),
        radius: 0.1 + 0.16 * severity)
    ]
    for _ in 0..<Int(3 * severity) {
      sites.append(
        FindingSite(
          place: Point(stream.uniform(in: -0.32..<0.25), stream.uniform(in: -0.25..<0.25)),
          radius: stream.uniform(in: 0.04..<0.08)))
    }
    self.sites = sites
    outlines = sites.map { _ in Outline(roughness: 0.2, stream: &stream) }
  }

  private func cover(_ view: FundusView, _ empty: Plane) -> Plane {
    var cover = empty
    cover.addBlobs(at: sites, outlines, in: view, softness: 0.12)
    return cover
  }

  func paint(on painter: inout ColorPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.canvas.blend(cover, toward: Color(0.98, 0.76, 0.5), opacity: 0.72)
    var vessels = painter.eye.texture(40, frequency: 9, octaves: 2)
    vessels.combine(cover) { value, cover in
      cover * smoothStep(0.6, 0.95, 1 - min(1, abs(value) * 3))
    }
    painter.canvas.blend(vessels, toward: Color(0.9, 0.45, 0.25), opacity: 0.55)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.glow(cover, to: 0.62 + 0.08 * painter.lateness)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout TomogramPainter) {
    painter.addAtrophy(width: 0.08 + 0.14 * severity, kind: kind)
  }
}
