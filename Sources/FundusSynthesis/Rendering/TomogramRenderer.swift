import Foundation

/// Paints a B-scan: a horizontal section through the fovea by optical coherence tomography.
struct TomogramRenderer {
  let eye: FundusEye
  private var size: Int { eye.view.size }

  /// Brightness of the layers below each border, from the vitreous down.
  private static let brightness: [Float] = [
    0.05, 0.72, 0.5, 0.27, 0.5, 0.2, 0.42, 0.92, 0.4, 0.14,
  ]

  /// The image and what each finding covers of it.
  func render(_ findings: [any FundusFinding]) -> (canvas: Canvas, masks: [FindingKind: Plane]) {
    var painter = TomogramPainter(eye: eye, profile: profile())
    for finding in findings { finding.paint(on: &painter) }
    return (develop(painter), painter.masks)
  }

  /// A healthy retina: a pit at the fovea, thick nerve fibers toward the disc.
  private func profile() -> RetinalProfile {
    var stream = RandomStream(seed: UInt64(eye.textureSeed)).derived("profile")
    let mirrored = eye.traits.laterality == .left
    let reach = stream.uniform(in: 0.5..<0.56)
    let places = (0..<size).map { column -> Float in
      let x = (Float(column) / Float(size - 1) * 2 - 1) * reach
      return mirrored ? -x : x
    }
    let floor = stream.uniform(in: 0.6..<0.68)
    let bend = stream.uniform(in: 0.02..<0.14), tilt = stream.uniform(in: -0.07..<0.07)
    let pitDepth = stream.uniform(in: 0.85..<1), choroid = stream.uniform(in: 0.1..<0.16)
    var borders = [[Float]](repeating: [], count: RetinalProfile.Border.allCases.count)
    for x in places {
      let base = floor - bend * x * x + tilt * x
      let pit = pitDepth * exp(-pow(x / 0.095, 2))
      let shoulder: Float = 1 + 0.16 * exp(-pow((abs(x) - 0.2) / 0.11, 2)) - 0.16 * min(1, abs(x))
      let fibers = (0.008 + 0.03 * smoothStep(-0.1, 0.6, x) + 0.006 * smoothStep(0.1, 0.5, -x))
      // Thicknesses upwards from the pigment epithelium.
      let pigment: Float = 0.016, receptors: Float = 0.036 + 0.008 * pit
      let outerNuclear = 0.05 + 0.03 * pit, outerPlexiform = 0.018 * (1 - 0.75 * pit)
      let innerNuclear = 0.034 * shoulder * (1 - 0.96 * pit)
      let ganglion = 0.062 * shoulder * (1 - 0.96 * pit)
      var depth = base + choroid
      borders[8].append(depth)
      depth = base
      for (index, thickness) in [
        (7, 0), (6, pigment), (5, receptors), (4, outerNuclear), (3, outerPlexiform),
        (2, innerNuclear), (1, ganglion), (0, fibers * (1 - 0.95 * pit)),
      ] as [(Int, Float)] {
        depth -= thickness
        borders[index].append(depth)
      }
    }
    let flat = [Float](repeating: 0, count: size)
    return RetinalProfile(borders: borders, places: places, fluid: flat, deposit: flat)
  }

  private func develop(_ painter: TomogramPainter) -> Canvas {
    let side = Float(size)
    let profile = painter.profile
    let choroid = NoiseField(seed: eye.textureSeed &+ 5, frequency: 17, octaves: 2, aspect: 1.7)
      .plane(width: size, height: size, origin: .zero, step: 1 / side)
    let layering = NoiseField(seed: eye.textureSeed &+ 6, frequency: 12, octaves: 2, aspect: 5)
      .plane(width: size, height: size, origin: .zero, step: 1 / side)
    var stream = RandomStream(seed: UInt64(eye.textureSeed)).derived("shadows")
    var shadow = [Float](repeating: 1, count: size)
    // Vessels in the nerve fiber layer cast shadows.
    for _ in 0..<5 {
      let at = stream.uniform(in: -0.55..<0.6), width = stream.uniform(in: 0.006..<0.013)
      guard abs(at) > 0.2 else { continue }
      for column in 0..<size {
        shadow[column] *= 1 - 0.5 * exp(-pow((profile.places[column] - at) / width, 2))
      }
    }
    var light = Plane(width: size, height: size)
    var borders = [Float](repeating: 0, count: 9)
    for x in 0..<size {
      for border in 0..<9 { borders[border] = profile.borders[border][x] * side }
      var focusShade: Float = 1
      let lift = (profile.fluid[x] + profile.deposit[x]) * side
      for y in 0..<size {
        let index = y * size + x
        let depth = Float(y)
        var value = Self.brightness[0]
        // Soft steps from layer to layer.
        for border in 0..<9 {
          let step = Self.brightness[border + 1] - Self.brightness[border]
          let softness: Float = border == 6 || border == 0 ? 0.0025 : 0.005
          value += step * smoothStep(-softness * side, softness * side, depth - borders[border])
        }
        value *= 1 + 0.13 * layering.values[index]
        let receptors = painter.photoreceptors[x]
        // External limiting membrane and the photoreceptors' bright line.
        let lines: Float =
          0.2 * exp(-pow((depth - borders[5]) / (0.0035 * side), 2))
          + 0.42 * exp(-pow((depth - borders[5] - 0.013 * side) / (0.005 * side), 2))
        value += lines * receptors
        if depth > borders[5], depth < borders[6] { value *= 0.45 + 0.55 * receptors }
        // Between the lifted retina and the epithelium: fluid above, deposit below.
        let bottom = borders[7] - 0.016 * side
        if lift > 0.5, depth < bottom, depth > borders[6] {
          let solid = profile.deposit[x] * side
          value = depth > bottom - solid ? 0.55 + 0.2 * layering.values[index] : 0.07
        }
        if depth > borders[7] {
          // The choroid: round dark vessels in a bright stroma, fading with depth.
          let into = (depth - borders[7]) / max(1, borders[8] - borders[7])
          if into < 1 { value *= 1 + 0.75 * choroid.values[index] * (1 - into * 0.4) }
          value *= 1.05 - 0.35 * min(1, into * 0.8)
          value *= 1 + 0.75 * (1 - painter.pigmentEpithelium[x])
        } else if depth > borders[6] {
          value *= 0.4 + 0.6 * painter.pigmentEpithelium[x]
        }
        if depth > borders[1] { value *= shadow[x] }
        let open = painter.hole[x]
        if open > 0, depth < bottom { value += (0.05 - value) * open }
        let cavity = min(1, painter.cavities.values[index])
        if cavity > 0, depth > borders[0], depth < borders[6] {
          value += (0.06 - value) * smoothStep(0.25, 0.65, cavity)
        }
        let focus = painter.foci.values[index]
        value += (0.98 - value) * focus
        focusShade = min(focusShade, 1 - 0.35 * focus)
        if focus < 0.1 { value *= focusShade }
        if painter.membrane > 0 {
          let film: Float = exp(-pow((depth - borders[0] + 0.004 * side) / (0.0038 * side), 2))
          value += painter.membrane * 0.75 * film * (abs(profile.places[x]) < 0.5 ? 1 : 0)
        }
        light.values[index] = value
      }
    }
    return speckle(light)
  }

  /// Coherent light makes grain whose strength follows the brightness.
  private func speckle(_ light: Plane) -> Canvas {
    let side = Float(size)
    let smooth = light.blurred(0.0016 * side)
    let seed = eye.textureSeed &+ 8765
    var grain = Plane(width: size, height: size)
    for y in 0..<size {
      for x in 0..<size {
        let random = NoiseField.hash(Int32(x), Int32(y), seed)
        let sum =
          Float(random & 255) + Float(random >> 8 & 255) + Float(random >> 16 & 255)
          + Float(random >> 24)
        grain.values[y * size + x] = (sum - 510) * (1 / 148)
      }
    }
    let spread = max(0.3, 0.0011 * side)
    let coarse = grain.blurred(spread)
    let haze = 1 - 0.6 * eye.camera.haze
    var canvas = Canvas(width: size, height: size)
    for index in canvas.pixels.indices {
      let value = smooth.values[index] * haze
      let noise = coarse.values[index] * (1 + 2 * spread) * (0.045 + 0.17 * value)
      canvas.pixels[index] = CameraModel.compressed(
        Color(repeating: max(0, value * eye.camera.exposure + noise)))
    }
    return canvas
  }
}
