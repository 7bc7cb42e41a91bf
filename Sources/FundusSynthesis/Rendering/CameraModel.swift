import Foundation

/// What the eye's media and the camera make of a fundus: haze, blur, uneven light, color, noise and
/// the round field.
struct CameraModel {
  let eye: FundusEye

  func expose(_ scene: Canvas) -> Canvas {
    let camera = eye.camera, view = eye.view
    var image = scene
    if camera.haze > 0 {
      // A cloudy lens scatters: part of the light arrives blurred far, and a veil lies over all.
      image = image.blurred(0.004 * view.scale + camera.haze * 0.018 * view.scale)
      let veil = camera.hazeColor * (0.75 + 0.25 * camera.haze)
      let amount = camera.haze * 0.78
      for index in image.pixels.indices {
        image.pixels[index] += (veil - image.pixels[index]) * amount
      }
    }
    image = image.blurred(camera.blur * view.scale)
    develop(&image)
    return image
  }

  private func develop(_ image: inout Canvas) {
    let camera = eye.camera, view = eye.view
    let size = view.size
    let unevenness = view.texture(
      NoiseField(seed: eye.textureSeed &+ 91, frequency: 0.9, octaves: 2))
    let gain = camera.balance * camera.exposure
    let grain = camera.noise
    let seed = eye.textureSeed &+ 1234
    let notch = camera.notch.map { Point(cos($0), sin($0)) * view.radius * 1.005 + view.center }
    for y in 0..<size {
      for x in 0..<size {
        let index = y * size + x
        let offset = (Point(Float(x), Float(y)) - view.center) / view.radius
        let distance = offset.length
        var inside = min(max((1 - distance) * view.radius + 0.5, 0), 1)
        if let notch {
          let away = (Point(Float(x), Float(y)) - notch).length / view.radius
          inside *= min(max((away - 0.045) * view.radius + 0.5, 0), 1)
        }
        var color = Color(repeating: 0.012)
        if inside > 0 {
          let fall = distance * distance
          let light =
            (1 - camera.vignette * fall * (0.35 + 0.65 * fall))
            * (1 + (camera.gradient * offset).sum()) * (1 + 0.1 * unevenness.values[index])
          var seen = image.pixels[index] * gain * light
          if camera.rimGlow > 0 {
            seen += Color(0.35, 0.75, 0.35) * camera.rimGlow * smoothStep(0.86, 1, distance)
          }
          color += (seen - color) * inside
        }
        let random = NoiseField.hash(Int32(x), Int32(y), seed)
        // Four bytes make three numbers that are nearly normal and share their brightness.
        let first = Float(random & 255), second = Float(random >> 8 & 255)
        let third = Float(random >> 16 & 255), fourth = Float(random >> 24)
        let shared = (first + second + third + fourth - 510) * (1 / 148)
        let tint = Color(first - second, third - first, fourth - third) * (0.6 / 104)
        color += (Color(repeating: shared) + tint) * grain * (0.15 + 0.85 * inside)
        image.pixels[index] = Self.compressed(color)
      }
    }
  }

  /// Values in 0…1; what is brighter than the film can show keeps a little of its detail.
  static func compressed(_ color: Color) -> Color {
    var shown = color.clamped(lowerBound: .zero, upperBound: Color(repeating: 2))
    guard shown.max() > 0.8 else { return shown }
    for channel in 0..<3 where shown[channel] > 0.8 {
      let excess = (shown[channel] - 0.8) * 5
      shown[channel] = 0.8 + 0.2 * excess / (1 + excess)
    }
    return shown
  }
}
