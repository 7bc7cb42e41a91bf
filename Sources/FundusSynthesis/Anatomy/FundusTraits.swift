/// The eye that an image shows.
public enum Laterality: String, Sendable, Hashable, Codable, CaseIterable {
  /// Oculus dexter: the disc is right of the macula.
  case right = "OD"
  /// Oculus sinister: the disc is left of the macula.
  case left = "OS"
}

/// What differs from eye to eye, before any vessel is grown: drawn at random, then changed by the
/// findings that act on the whole eye (a wide cup, thin arteries, a tessellated fundus).
///
/// Places on the retina are given for a right eye: the fovea is the origin, x grows toward the nose,
/// y downwards; 1 is the radius of a field of 45°, which is about 4.3 disc diameters.
struct FundusTraits: Sendable {
  var laterality: Laterality
  var discCenter: Point
  /// Semi-axes.
  var discRadius: Point
  var discAngle: Float
  /// Vertical diameter of the cup over that of the disc.
  var cupRatio: Float
  /// Where the cup lies within the disc, in disc radii.
  var cupOffset: Point
  /// 0 for a healthy rim, 1 for a chalk-white disc.
  var discPallor: Float = 0
  /// 0 for a sharp margin, 1 for a disc without one.
  var discSwelling: Float = 0
  /// 0 for a blond fundus, 1 for a dark one.
  var pigment: Float
  /// How far choroidal vessels show through.
  var tessellation: Float
  /// Reflexes of the young retina.
  var youth: Float
  var arteryCaliber: Float
  var veinCaliber: Float
  var arteryTortuosity: Float
  var veinTortuosity: Float
  /// Sausage-like changes of the veins' caliber.
  var veinBeading: Float = 0
  /// Brightness of the light streak on arteries; copper and silver wires have much.
  var arterialReflex: Float = 0.3
  /// How far arteries nip the veins that they cross.
  var nicking: Float = 0
  /// The half height of the temporal arcades.
  var arcadeHeight: Float

  /// A healthy eye.
  init(laterality: Laterality? = nil, stream: inout RandomStream) {
    let side: Laterality = stream.uniform() < 0.5 ? .right : .left
    self.laterality = laterality ?? side
    discCenter = Point(stream.uniform(in: 0.64..<0.72), stream.uniform(in: -0.1 ..< -0.02))
    let radius = stream.uniform(in: 0.118..<0.145)
    discRadius = Point(radius * stream.uniform(in: 0.88..<0.97), radius)
    discAngle = stream.uniform(in: -0.15..<0.15)
    cupRatio = stream.uniform(in: 0.22..<0.48)
    cupOffset = Point(stream.uniform(in: -0.18 ..< -0.02), stream.uniform(in: -0.06..<0.06))
    pigment = stream.uniform()
    tessellation = max(0, stream.uniform(in: -0.25..<0.3))
    youth = max(0, stream.uniform(in: -0.4..<1))
    arteryCaliber = stream.uniform(in: 0.9..<1.1)
    veinCaliber = stream.uniform(in: 0.9..<1.1)
    arteryTortuosity = stream.uniform(in: 0.5..<1.1)
    veinTortuosity = stream.uniform(in: 0.5..<1.1)
    arcadeHeight = stream.uniform(in: 0.47..<0.6)
  }

  /// Whether the place lies on the disc grown by a factor.
  func discContains(_ place: Point, grown: Float = 1) -> Bool {
    discDistance(place) < grown
  }

  /// The distance from the disc's center in disc radii.
  func discDistance(_ place: Point) -> Float {
    ((place - discCenter).rotated(by: -discAngle) / discRadius).length
  }

  /// The direction in which nerve fibers run: in arches around the fovea, radially near the disc.
  func fiberDirection(at place: Point) -> Point {
    let radial = (place - discCenter).direction
    let scale = Point(discCenter.x, arcadeHeight)
    let turned = place / scale
    let arch = (Point(-turned.y, turned.x) * scale).direction
    let aligned = (arch * radial).sum() < 0 ? -arch : arch
    let weight =
      smoothStep(0.15, 0.6, (place - discCenter).length) * (place.x < discCenter.x ? 1 : 0)
    return (radial * (1 - weight) + aligned * weight).direction
  }
}
