import Foundation

/// A wide cup, a swollen or a pale disc: `DiscPainter` draws them, this marks where they are.
///
/// A wide cup brings a wedge-shaped loss of nerve fibers with it.
struct DiscChange: FundusFinding {
  let kind: FindingKind
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.disc
  private let wedge: (angle: Float, width: Float)?

  init(_ kind: FindingKind, severity: Float, eye: FundusEye, stream: RandomStream) {
    self.kind = kind
    self.severity = severity
    var stream = stream
    let traits = eye.traits
    switch kind {
    case .enlargedCup:
      sites = [
        FindingSite(place: traits.discCenter, radius: traits.discRadius.y * traits.cupRatio)
      ]
      let side: Float = stream.uniform() < 0.5 ? -1 : 1
      wedge =
        stream.uniform() < severity
        ? (.pi + side * stream.uniform(in: 0.75..<1.1), stream.uniform(in: 0.12..<0.22)) : nil
    default:
      sites = [
        FindingSite(
          place: traits.discCenter, radius: traits.discRadius.y * (1 + 0.32 * traits.discSwelling))
      ]
      wedge = nil
    }
  }

  private func cover(_ view: FundusView, _ empty: Plane) -> Plane {
    var cover = empty
    for site in sites {
      cover.addBlob(at: view.pixel(site.place), radius: site.radius * view.scale)
    }
    return cover
  }

  func paint(on painter: inout ColorPainter) {
    painter.mark(cover(painter.view, painter.cover()), as: kind)
    guard let wedge else { return }
    let view = painter.view, traits = painter.eye.traits
    var loss = painter.cover()
    for y in 0..<loss.height {
      for x in 0..<loss.width {
        let offset = view.retina(Point(Float(x), Float(y))) - traits.discCenter
        let distance = offset.length
        guard distance < 0.8, distance > 0.11 else { continue }
        // The wedge bends with the fibers.
        var away = atan2(offset.y, offset.x) - wedge.angle
        if away > .pi { away -= 2 * .pi } else if away < -.pi { away += 2 * .pi }
        away -= (wedge.angle > .pi ? 1 : -1) * 0.5 * (distance - 0.11)
        let across = abs(away) / wedge.width
        loss.values[y * loss.width + x] =
          (1 - smoothStep(0.75, 1, across)) * smoothStep(0.8, 0.5, distance)
      }
    }
    painter.canvas.multiply(loss, by: Color(0.84, 0.76, 0.74), opacity: 0.8)
  }

  func paint(on painter: inout AngiogramPainter) {
    let cover = cover(painter.view, painter.cover())
    if kind == .discSwelling {
      painter.leak(cover, spread: 0.05, early: 0.62, late: 1.1)
    } else {
      painter.block(cover, opacity: 0.45)
    }
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout TomogramPainter) {
    if kind == .enlargedCup { painter.thinNerveFibers(by: 0.4 + 0.5 * severity) }
  }
}
