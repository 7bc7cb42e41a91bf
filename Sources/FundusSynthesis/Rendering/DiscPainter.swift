import Foundation

/// Paints the optic disc: rim, cup, margin and what lies around it.
struct DiscPainter {
  let eye: FundusEye

  func paint(_ canvas: inout Canvas) {
    let traits = eye.traits, view = eye.view
    let size = view.size
    let swelling = traits.discSwelling
    let grown = traits.discRadius * (1 + 0.32 * swelling)
    let reach = max(grown.x, grown.y) * 2.2 * view.scale
    let center = view.pixel(traits.discCenter)
    let columns = max(0, Int(center.x - reach))..<max(0, min(size, Int(center.x + reach)))
    let rows = max(0, Int(center.y - reach))..<max(0, min(size, Int(center.y + reach)))
    guard !columns.isEmpty, !rows.isEmpty else { return }
    let wobble = NoiseField(seed: eye.textureSeed &+ 31, frequency: 5, octaves: 2)
    let outline = wobble.plane(width: 256, height: 1, origin: .zero, step: 1 / 40.74)
    let grain = eye.texture(32, frequency: 22, octaves: 2)

    let pink = Color(0.95, 0.59, 0.36), temporal = Color(0.98, 0.69, 0.44)
    let white = Color(1.0, 0.93, 0.78)
    let cupColor = Color(1.03, 0.92, 0.7)
    let edge = 0.07 + 0.55 * swelling
    let cup = max(0.02, traits.cupRatio * (1 - swelling))
    for y in rows {
      for x in columns {
        let index = y * size + x
        let place = view.retina(Point(Float(x), Float(y)))
        let offset = (place - traits.discCenter).rotated(by: -traits.discAngle) / grown
        let angle = atan2(offset.y, offset.x)
        let ragged = 1 + 0.035 * outline.values[min(255, Int((angle + .pi) * 40.6))]
        let distance = offset.length / ragged
        guard distance < 1.9 else { continue }
        let inside = 1 - smoothStep(1 - edge, 1 + edge * 0.8, distance)
        // A swollen disc clouds the retina around it.
        if swelling > 0 {
          let veil = swelling * 0.45 * exp(-max(0, distance - 0.8) * 2.6)
          canvas.pixels[index] += (Color(0.93, 0.62, 0.42) - canvas.pixels[index]) * veil
        } else {
          let ring = exp(-pow((distance - 1.04) * 14, 2)) * max(0, -cos(angle) * 0.5 + 0.3)
          canvas.pixels[index] += (Color(0.95, 0.72, 0.45) - canvas.pixels[index]) * ring * 0.5
        }
        guard inside > 0 else { continue }
        let side = smoothStep(-0.6, 0.6, -offset.x)
        var rim = pink + (temporal - pink) * side
        rim += (white - rim) * traits.discPallor
        if swelling > 0 { rim += (Color(0.97, 0.6, 0.4) - rim) * swelling * 0.7 }
        // The cup is taller than wide when it grows.
        let cupPlace = (offset - traits.cupOffset * (1 - cup)) / (cup * Point(0.94, 1))
        let depth = 1 - smoothStep(0.72, 1.12, cupPlace.length)
        var color = rim + (cupColor - rim) * depth * (0.55 + 0.45 * min(1, cup * 1.5))
        // The floor of a deep cup shows the gray pores of the lamina.
        if cup > 0.55 { color *= 1 + 0.1 * grain.values[index] * depth }
        color *= 1 + 0.05 * grain.values[index]
        canvas.pixels[index] += (color - canvas.pixels[index]) * inside
      }
    }
  }
}
