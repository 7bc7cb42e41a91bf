import Foundation

/// Pigment that has wandered into the retina: black, branching clumps in the mid-periphery over a
/// grayish, moth-eaten ground.
struct BoneSpicules: FundusFinding {
  let kind = FindingKind.boneSpicules
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.retina
  private let arms: [[Point]]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var placer = FindingPlacer(eye: eye, stream: stream)
    let places = placer.places(
      50 + Int(130 * severity), in: area, otherwise: .periphery(0.62 - 0.14 * severity), gap: 0.035)
    var arms: [[Point]] = []
    sites = places.map { place in
      let radius = placer.stream.uniform(in: 0.012..<0.034)
      for _ in 0..<(3 + placer.stream.index(below: 3)) {
        let angle = placer.stream.uniform(in: 0..<2 * .pi)
        let away = Point(cos(angle), sin(angle))
        let bend = away.rotated(by: placer.stream.uniform(in: -0.9..<0.9))
        arms.append([place, place + away * radius * 0.5, place + (away + bend) * radius * 0.55])
      }
      return FindingSite(place: place, radius: radius)
    }
    self.arms = arms
  }

  private func cover(_ view: FundusView, _ empty: Plane) -> Plane {
    var cover = empty
    for arm in arms {
      let width = 0.0042 * view.scale
      cover.addStroke(
        arm.map(view.pixel), radii: [width * 1.3, width, width * 0.35],
        softness: max(1, 0.003 * view.scale))
    }
    return cover
  }

  /// The damaged ring of the pigment epithelium.
  private func ring(_ eye: FundusEye, _ empty: Plane) -> Plane {
    var ring = empty
    let motley = eye.texture(46, frequency: 14, octaves: 3, gain: 0.6)
    for y in 0..<ring.height {
      for x in 0..<ring.width {
        let index = y * ring.width + x
        let distance = (eye.view.retina(Point(Float(x), Float(y))) / Point(1.1, 1)).length
        ring.values[index] =
          smoothStep(0.38, 0.72, distance) * min(1, max(0, 0.55 + 0.9 * motley.values[index]))
      }
    }
    return ring
  }

  func paint(on painter: inout ColorPainter) {
    let ring = ring(painter.eye, painter.cover())
    painter.canvas.multiply(ring, by: Color(0.7, 0.8, 0.98), opacity: 0.65 + 0.3 * severity)
    let cover = cover(painter.view, painter.cover())
    painter.canvas.blend(cover, toward: Color(0.1, 0.06, 0.045), opacity: 0.88)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let ring = ring(painter.eye, painter.cover())
    painter.glow(ring, to: 0.55)
    let cover = cover(painter.view, painter.cover())
    painter.block(cover, opacity: 0.9)
    painter.mark(cover, as: kind)
    painter.mark(ring, as: kind)
  }

  func paint(on painter: inout TomogramPainter) {
    painter.losePhotoreceptors(outside: 0.3 - 0.18 * severity, kind: kind)
  }
}
