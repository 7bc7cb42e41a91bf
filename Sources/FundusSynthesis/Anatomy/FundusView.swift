import Foundation

/// The camera: which part of the retina it sees and what it does to the image.
struct FundusView: Sendable {
  /// Pixels along each side.
  let size: Int
  /// Center and radius of the round field, in pixels.
  let center: Point
  let radius: Float
  /// Pixels for one unit of retina.
  let scale: Float
  /// The place of the retina at the field's center.
  let look: Point
  private let mirrored: Bool
  private let turn: Float

  init(size: Int, camera: CameraTraits, laterality: Laterality) {
    self.size = size
    let side = Float(size)
    center = Point(side / 2 - 0.5, side / 2 - 0.5) + camera.shift * side
    radius = camera.fieldRadius * side
    scale = radius / camera.fieldExtent
    look = camera.look
    mirrored = laterality == .left
    turn = camera.turn
  }

  /// The pixel that shows a place of the retina.
  func pixel(_ place: Point) -> Point {
    var offset = (place - look).rotated(by: turn)
    if mirrored { offset.x = -offset.x }
    return center + offset * scale
  }

  /// The place of the retina that a pixel shows.
  func retina(_ pixel: Point) -> Point {
    var offset = (pixel - center) / scale
    if mirrored { offset.x = -offset.x }
    return look + offset.rotated(by: -turn)
  }

  /// A direction on the retina as one in the image.
  func direction(_ direction: Point) -> Point {
    var turned = direction.rotated(by: turn)
    if mirrored { turned.x = -turned.x }
    return turned
  }

  /// The angle in the image of a direction on the retina.
  func angle(_ direction: Point) -> Float {
    let turned = self.direction(direction)
    return atan2(turned.y, turned.x)
  }

  /// Whether the place is seen, with a margin in units of retina.
  func sees(_ place: Point, margin: Float = 0.04) -> Bool {
    let at = pixel(place)
    let inset = margin * scale
    let side = Float(size - 1)
    return (at - center).length < radius - inset
      && at.x > inset && at.y > inset && at.x < side - inset && at.y < side - inset
  }

  /// A texture over the image that belongs to the retina and not to the pixels.
  func texture(_ noise: NoiseField) -> Plane {
    let origin = Point(-center.x, -center.y) / scale + Point(look.x * (mirrored ? -1 : 1), look.y)
    return noise.plane(width: size, height: size, origin: origin, step: 1 / scale)
  }
}

/// The imaging conditions of an image.
struct CameraTraits: Sendable {
  /// Radius of the field over the side of the image; above 0.5 the field is cut off.
  var fieldRadius: Float
  /// Radius of the field in units of the 45° one.
  var fieldExtent: Float
  var shift: Point
  var look: Point
  var turn: Float
  /// Fall of the light toward the rim.
  var vignette: Float
  var gradient: Point
  /// Gains of red, green and blue.
  var balance: Color
  var exposure: Float
  /// Optical blur in units of retina.
  var blur: Float
  var noise: Float
  /// Angle of the notch at the rim, if the mask has one.
  var notch: Float?
  /// A colored rim of stray light.
  var rimGlow: Float
  /// 0 for clear media, 1 for a fundus that is hardly seen.
  var haze: Float = 0
  var hazeColor = Color(0.62, 0.55, 0.42)

  init(discCenter: Point, stream: inout RandomStream) {
    let cut = stream.uniform() < 0.25
    fieldRadius = cut ? stream.uniform(in: 0.52..<0.57) : stream.uniform(in: 0.46..<0.495)
    fieldExtent = stream.uniform(in: 0.93..<1.12)
    shift = Point(stream.uniform(in: -0.008..<0.008), stream.uniform(in: -0.008..<0.008))
    let between =
      stream.uniform() < 0.7 ? stream.uniform(in: 0..<0.2) : stream.uniform(in: 0.3..<0.6)
    look =
      discCenter * between
      + Point(stream.uniform(in: -0.05..<0.05), stream.uniform(in: -0.06..<0.06))
    turn = stream.uniform(in: -0.07..<0.07)
    vignette = stream.uniform(in: 0.12..<0.42)
    let gradientAngle = stream.uniform(in: 0..<2 * .pi)
    gradient =
      Point(cos(gradientAngle), sin(gradientAngle)) * stream.uniform(in: 0..<0.16)
    balance = Color(
      1, stream.uniform(in: 0.86..<1.12), stream.uniform(in: 0.35..<1.25))
    exposure = stream.uniform(in: 0.9..<1.12)
    blur = stream.uniform(in: 0.0012..<0.0035)
    noise = stream.uniform(in: 0.006..<0.02)
    let corner = stream.uniform(in: 0..<1)
    notch = corner < 0.35 ? (corner < 0.18 ? 0.78 : -0.78) : nil
    rimGlow = stream.uniform() < 0.3 ? stream.uniform(in: 0.02..<0.09) : 0
  }
}
