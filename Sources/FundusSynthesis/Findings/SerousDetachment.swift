/// Central serous chorioretinopathy: a round blister of clear fluid beneath the macula; in an
/// angiogram one point of leakage that grows like an ink blot.
struct SerousDetachment: FundusFinding {
  let kind = FindingKind.serousDetachment
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.retina
  private let outline: Outline
  private let source: Point

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var stream = stream
    let place = Point(stream.uniform(in: -0.06..<0.06), stream.uniform(in: -0.05..<0.05))
    let radius = 0.17 + 0.11 * severity
    sites = [FindingSite(place: place, radius: radius)]
    outline = Outline(roughness: 0.04, stream: &stream, stretch: Point(1.08, 0.96))
    source =
      place
      + Point(stream.uniform(in: -0.5..<0.5), stream.uniform(in: -0.5..<0.5)) * radius
  }

  func paint(on painter: inout ColorPainter) {
    let view = painter.view
    guard let site = sites.first else { return }
    let at = view.pixel(site.place), radius = site.radius * view.scale
    var dome = painter.cover(), inner = dome
    dome.addBlob(at: at, radius: radius, outline: outline, softness: 0.12)
    inner.addBlob(at: at, radius: radius * 0.86, outline: outline, softness: 0.35)
    var rim = dome
    rim.combine(inner) { max(0, $0 - $1) }
    painter.canvas.blend(inner, toward: Color(0.8, 0.5, 0.31), opacity: 0.42)
    painter.canvas.multiply(rim, by: Color(0.8, 0.76, 0.76))
    var glint = rim
    let light = Point(-0.5, -0.8)
    for y in 0..<glint.height {
      for x in 0..<glint.width {
        let offset = (Point(Float(x), Float(y)) - at).direction
        glint.values[y * glint.width + x] *= max(0, (offset * light).sum())
      }
    }
    painter.canvas.add(glint, Color(0.3, 0.26, 0.17))
    painter.mark(dome, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let view = painter.view
    guard let site = sites.first else { return }
    var pool = painter.cover(), blot = pool
    pool.addBlob(
      at: view.pixel(site.place), radius: site.radius * view.scale, outline: outline,
      softness: 0.25)
    let reach = painter.phase == .late ? 0.055 + 0.03 * severity : 0.012
    blot.addHill(
      at: view.pixel(source), deviation: Point(repeating: reach * view.scale), strength: 1)
    painter.glow(pool, to: 0.2 + 0.32 * painter.lateness)
    painter.glow(blot, to: 1.25)
    var mask = pool
    if painter.phase != .late { mask = blot }
    painter.mark(mask, as: kind)
  }

  func paint(on painter: inout TomogramPainter) {
    painter.addSubretinalFluid(
      width: 0.22 + 0.14 * severity, height: 0.06 + 0.09 * severity, kind: kind)
  }
}
