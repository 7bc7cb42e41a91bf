import Foundation

/// Bare sclera beside the disc of a stretched eye: a pale crescent, at worst a ring around the disc.
struct MyopicCrescent: FundusFinding {
  let kind = FindingKind.myopicCrescent
  let severity: Float
  let sites: [FindingSite]
  let layer = FindingLayer.choroid
  private let outline: Outline
  private let size: Point

  init(severity: Float, area: FindingArea, eye: FundusEye, stream: RandomStream) {
    self.severity = severity
    var stream = stream
    let disc = eye.traits.discRadius
    let shift = disc.x * (0.35 + 0.35 * severity)
    size = Point(disc.x * (1.12 + 0.55 * severity), disc.y * (1.12 + 0.4 * severity))
    sites = [
      FindingSite(
        place: eye.traits.discCenter + Point(-shift, stream.uniform(in: -0.01..<0.03)),
        radius: size.x)
    ]
    outline = Outline(roughness: 0.07, stream: &stream, stretch: Point(1, size.y / size.x))
  }

  func paint(on painter: inout ColorPainter) {
    let view = painter.view
    guard let site = sites.first else { return }
    var cover = painter.cover(), rim = cover
    rim.addBlob(
      at: view.pixel(site.place), radius: site.radius * 1.09 * view.scale, outline: outline,
      softness: 0.15)
    cover.addBlob(
      at: view.pixel(site.place), radius: site.radius * view.scale, outline: outline,
      softness: 0.16)
    painter.canvas.multiply(rim, by: Color(0.68, 0.6, 0.6), opacity: 0.7)
    painter.canvas.blend(cover, toward: Color(1.0, 0.92, 0.74), opacity: 0.92)
    var vessels = painter.eye.texture(44, frequency: 14, octaves: 2)
    vessels.combine(cover) { value, cover in
      cover * smoothStep(0.7, 0.97, 1 - min(1, abs(value) * 3))
    }
    painter.canvas.blend(vessels, toward: Color(0.86, 0.5, 0.3), opacity: 0.35)
    // The disc itself is no crescent.
    let disc = painter.eye.traits
    for y in 0..<cover.height {
      for x in 0..<cover.width where cover.values[y * cover.width + x] > 0 {
        if disc.discContains(view.retina(Point(Float(x), Float(y)))) {
          cover.values[y * cover.width + x] = 0
        }
      }
    }
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout AngiogramPainter) {
    let view = painter.view
    var cover = painter.cover()
    for site in sites {
      cover.addBlob(
        at: view.pixel(site.place), radius: site.radius * view.scale, outline: outline,
        softness: 0.2)
    }
    painter.block(cover, opacity: 0.5 - 0.5 * painter.lateness)
    painter.glow(cover, to: 0.3 + 0.4 * painter.lateness)
    painter.mark(cover, as: kind)
  }

  func paint(on painter: inout TomogramPainter) {
    painter.stretch(by: 0.4 + 0.6 * severity)
  }
}
