import Foundation

/// Fluid in the macula: a grayish swelling without a foveal reflex; petals of dye in a late
/// angiogram, cysts in a B-scan.
struct MacularEdema: FundusFinding {
  let kind = FindingKind.macularEdema
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.retina
  private let petals: [(place: Point, size: Point, angle: Float)]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var stream = stream
    let radius = 0.12 + 0.1 * severity
    sites = [FindingSite(place: .zero, radius: radius)]
    let count = 8 + Int(4 * severity)
    petals = (0..<count).map { index in
      let angle =
        (Float(index) + stream.uniform(in: -0.2..<0.2)) / Float(count) * 2 * .pi
      let reach = radius * stream.uniform(in: 0.42..<0.58)
      return (
        Point(cos(angle), sin(angle)) * reach,
        Point(radius * stream.uniform(in: 0.3..<0.42), radius * 0.17), angle
      )
    }
  }

  func paint(on painter: inout ColorPainter) {
    let view = painter.view
    guard let site = sites.first else { return }
    var swelling = painter.cover(), cysts = swelling
    swelling.addHill(
      at: view.pixel(site.place), deviation: Point(repeating: site.radius * 0.75 * view.scale))
    for petal in petals {
      cysts.addHill(
        at: view.pixel(petal.place), deviation: petal.size * 0.5 * view.scale,
        angle: view.angle(Point(cos(petal.angle), sin(petal.angle))))
    }
    painter.canvas.blend(
      swelling, toward: Color(0.86, 0.69, 0.52), opacity: 0.5 + 0.3 * severity)
    // The walls between the cysts are paler than their red floors: a honeycomb.
    painter.canvas.blend(cysts, toward: Color(0.6, 0.24, 0.12), opacity: 0.45 + 0.25 * severity)
    painter.mark(swelling, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let view = painter.view
    var flower = painter.cover(), cloud = flower
    for petal in petals {
      flower.addHill(
        at: view.pixel(petal.place), deviation: petal.size * 0.62 * view.scale,
        angle: view.angle(Point(cos(petal.angle), sin(petal.angle))))
    }
    cloud.addHill(
      at: view.pixel(.zero), deviation: Point(repeating: (sites.first?.radius ?? 0) * view.scale))
    if painter.phase == .late {
      painter.glow(cloud, to: 0.5)
      painter.glow(flower, to: 1.15)
    } else {
      painter.glow(cloud, to: 0.26)
    }
    painter.mark(flower, as: kind)
  }

  func paint(on painter: inout TomogramPainter) {
    painter.addCysts(
      count: 4 + Int(8 * severity), swelling: 0.05 + 0.09 * severity, kind: kind)
  }
}
