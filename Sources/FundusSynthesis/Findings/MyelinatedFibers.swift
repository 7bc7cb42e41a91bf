/// Nerve fibers that kept their sheath: a white feathery patch that leaves the disc along the fibers
/// and covers the vessels.
struct MyelinatedFibers: FundusFinding {
  let kind = FindingKind.myelinatedFibers
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.preretina
  private let strands: [[Point]]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var stream = stream
    let traits = eye.traits
    let side: Float
    switch area {
    case .superior, .quadrant(.superotemporal), .quadrant(.superonasal): side = -1
    case .inferior, .quadrant(.inferotemporal), .quadrant(.inferonasal): side = 1
    default: side = stream.uniform() < 0.5 ? -1 : 1
    }
    let reach = 0.16 + 0.2 * severity
    strands = (0..<130).map { _ in
      let angle = side * (.pi / 2 + stream.uniform(in: -0.55..<0.75))
      var place =
        traits.discCenter
        + Point(1, 0).rotated(by: angle) * traits.discRadius * stream.uniform(in: 0.85..<1.1)
      var strand = [place]
      let steps = 4 + Int(stream.uniform(in: 0.3..<1) * reach / 0.03)
      for _ in 0..<steps {
        place +=
          traits.fiberDirection(at: place).rotated(by: stream.uniform(in: -0.12..<0.12)) * 0.03
        strand.append(place)
      }
      return strand
    }
    sites = [
      FindingSite(
        place: traits.discCenter + Point(-0.05, side * (traits.discRadius.y + reach * 0.5)),
        radius: reach / 2)
    ]
  }

  private func cover(_ view: FundusView, _ empty: Plane) -> Plane {
    var cover = empty
    for strand in strands {
      let width = 0.0045 * view.scale
      var radii = [Float](repeating: width, count: strand.count)
      radii[radii.count - 1] = width * 0.15
      radii[radii.count - 2] = width * 0.5
      cover.addStroke(
        strand.map(view.pixel), radii: radii, softness: max(1, 0.007 * view.scale), strength: 0.85)
    }
    return cover
  }

  func paint(on painter: inout ColorPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.canvas.blend(cover, toward: Color(1.02, 0.96, 0.8), opacity: 0.9)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.block(cover, opacity: 0.55)
    painter.mark(cover, as: kind)
  }
}
