import Foundation

/// Burns of panretinal photocoagulation: rows of pale round scars with dark pigment.
struct LaserScars: FundusFinding {
  let kind = FindingKind.laserScars
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.choroid
  private let pigment: [(outline: Outline, amount: Float)]

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var stream = stream
    let spacing = 0.1 - 0.03 * severity
    let inner = 0.62 - 0.08 * severity
    var sites: [FindingSite] = []
    for row in -16...16 {
      for column in -16...16 {
        let jitter = Point(stream.uniform(in: -0.2..<0.2), stream.uniform(in: -0.2..<0.2))
        let grid = Point(Float(column) + (row % 2 == 0 ? 0.5 : 0), Float(row) * 0.9) + jitter
        let place = grid * spacing + Point(0.1, 0)
        let keep = stream.uniform() < 0.86
        let radius = stream.uniform(in: 0.019..<0.031)
        guard keep, (place / Point(1.15, 1)).length > inner,
          eye.traits.discDistance(place) > 2.1, eye.view.sees(place, margin: 0.02),
          area.quadrants.isEmpty
            || area.quadrants.contains(
              RetinalQuadrant(place, discCenter: eye.traits.discCenter))
        else { continue }
        sites.append(FindingSite(place: place, radius: radius))
      }
    }
    self.sites = sites
    pigment = sites.map { _ in
      (Outline(roughness: 0.2, stream: &stream), stream.uniform())
    }
  }

  func paint(on painter: inout ColorPainter) {
    var pale = painter.cover(), dark = pale, rim = pale
    let view = painter.view
    for (site, pigment) in zip(sites, pigment) {
      let at = view.pixel(site.place), radius = site.radius * view.scale
      rim.addBlob(at: at, radius: radius * 1.25, outline: pigment.outline, softness: 0.5)
      pale.addBlob(at: at, radius: radius, outline: pigment.outline, softness: 0.4)
      if pigment.amount > 0.45 {
        dark.addBlob(
          at: at, radius: radius * 0.62 * pigment.amount, outline: pigment.outline, softness: 0.6)
      }
    }
    painter.canvas.multiply(rim, by: Color(0.72, 0.66, 0.68), opacity: 0.8)
    painter.canvas.blend(pale, toward: Color(0.97, 0.83, 0.55), opacity: 0.72)
    painter.canvas.blend(dark, toward: Color(0.2, 0.12, 0.08), opacity: 0.8)
    painter.mark(rim, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    var pale = painter.cover(), rim = pale
    let view = painter.view
    for (site, pigment) in zip(sites, pigment) {
      let at = view.pixel(site.place), radius = site.radius * view.scale
      rim.addBlob(at: at, radius: radius * 1.15, outline: pigment.outline, softness: 0.4)
      pale.addBlob(at: at, radius: radius * 0.8, outline: pigment.outline, softness: 0.4)
    }
    painter.glow(rim, to: 0.62 + 0.1 * painter.lateness)
    painter.block(pale, opacity: 0.85)
    painter.mark(rim, as: kind)
  }
}
