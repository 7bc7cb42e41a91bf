import Foundation

/// Lipid deposits: bright yellow, sharply bordered dots in clumps or rings, at the macula sometimes
/// in a star.
struct HardExudates: FundusFinding {
  let kind = FindingKind.hardExudates
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.retina
  private let dots: [(place: Point, radius: Float, outline: Outline)]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var placer = FindingPlacer(eye: eye, stream: stream)
    let groups = 1 + Int(5.5 * severity)
    let centers = placer.places(groups, in: area, otherwise: .posteriorPole, gap: 0.16)
    var sites: [FindingSite] = []
    var dots: [(place: Point, radius: Float, outline: Outline)] = []
    for center in centers {
      let radius = placer.stream.uniform(in: 0.035..<0.085) * (0.7 + severity * 0.6)
      sites.append(FindingSite(place: center, radius: radius))
      let ring = placer.stream.uniform() < 0.4
      for _ in 0..<(6 + Int(26 * severity * placer.stream.uniform(in: 0.5..<1))) {
        let angle = placer.stream.uniform(in: 0..<2 * .pi)
        let distance =
          ring
          ? radius * placer.stream.uniform(in: 0.8..<1.1)
          : radius * placer.stream.uniform().squareRoot()
        let place = center + Point(cos(angle), sin(angle)) * distance
        guard eye.traits.discDistance(place) > 1.1 else { continue }
        let size = placer.stream.uniform()
        dots.append(
          (
            place, 0.0045 + 0.012 * size * size,
            Outline(roughness: 0.22, stream: &placer.stream)
          ))
      }
    }
    self.sites = sites
    self.dots = dots
  }

  private func cover(_ view: FundusView, _ empty: Plane) -> Plane {
    var cover = empty
    for dot in dots {
      cover.addBlob(
        at: view.pixel(dot.place), radius: dot.radius * view.scale, outline: dot.outline,
        softness: 0.3)
    }
    return cover
  }

  func paint(on painter: inout ColorPainter) {
    let cover = cover(painter.view, painter.cover())
    painter.canvas.blend(cover, toward: Color(1.05, 0.93, 0.52), opacity: 0.92)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout TomogramPainter) {
    painter.addFoci(count: 4 + Int(12 * severity), kind: kind)
  }
}
