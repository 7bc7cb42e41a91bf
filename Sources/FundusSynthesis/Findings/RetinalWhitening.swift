/// Retina that swells when its artery is blocked: milky white, with the fovea left as a cherry-red
/// spot.
struct RetinalWhitening: FundusFinding {
  let kind = FindingKind.retinalWhitening
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.retina
  private let area: FindingArea

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    self.area = area
    sites = [FindingSite(place: .zero, radius: 0.45)]
  }

  /// The half or quarter that the blocked artery feeds, with a soft border.
  private func part(_ place: Point, _ traits: FundusTraits) -> Float {
    let height = place.y - traits.discCenter.y * 0.5 * place.x
    let below = smoothStep(-0.09, 0.09, height)
    switch area {
    case .superior, .quadrant(.superotemporal): return 1 - below
    case .inferior, .quadrant(.inferotemporal): return below
    default: return 1
    }
  }

  private func cover(_ eye: FundusEye, _ empty: Plane) -> Plane {
    var cover = empty
    let motley = eye.texture(47, frequency: 5, octaves: 3)
    for y in 0..<cover.height {
      for x in 0..<cover.width {
        let place = eye.view.retina(Point(Float(x), Float(y)))
        let index = y * cover.width + x
        let distance = (place / Point(1.15, 1)).length
        let around =
          smoothStep(0.055, 0.11, distance) * (1 - smoothStep(0.3, 0.75, distance))
        cover.values[index] =
          around * part(place, eye.traits) * (0.85 + 0.3 * motley.values[index])
          * smoothStep(0.95, 1.3, eye.traits.discDistance(place))
      }
    }
    return cover.blurred(0.012 * eye.view.scale)
  }

  func paint(on painter: inout ColorPainter) {
    let cover = cover(painter.eye, painter.cover())
    painter.canvas.blend(cover, toward: Color(0.97, 0.84, 0.62), opacity: 0.5 + 0.25 * severity)
    if area.quadrants.isEmpty {
      var cherry = painter.cover()
      cherry.addBlob(
        at: painter.view.pixel(.zero), radius: 0.058 * painter.view.scale, softness: 0.7)
      painter.canvas.blend(cherry, toward: Color(0.66, 0.17, 0.09), opacity: 0.75)
    }
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let cover = cover(painter.eye, painter.cover())
    painter.block(cover, opacity: 0.6)
    painter.mark(cover, as: kind)
  }
}
