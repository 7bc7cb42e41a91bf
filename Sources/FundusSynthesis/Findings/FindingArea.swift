/// The part of the retina that a finding is requested in.
public enum FindingArea: Sendable, Hashable {
  /// Any location that is typical of the finding.
  case anywhere
  /// Around the fovea.
  case macula
  /// Around the optic disc.
  case nearDisc
  /// Along the temporal arcades.
  case arcades
  /// One quadrant.
  case quadrant(RetinalQuadrant)
  /// The upper half.
  case superior
  /// The lower half.
  case inferior

  /// The quadrants that belong to the area, or none when it is not made of quadrants.
  var quadrants: Set<RetinalQuadrant> {
    switch self {
    case .quadrant(let quadrant): [quadrant]
    case .superior: [.superotemporal, .superonasal]
    case .inferior: [.inferotemporal, .inferonasal]
    case .anywhere, .macula, .nearDisc, .arcades: []
    }
  }
}

extension FindingPlacer {
  /// Places in an area; where it says nothing, in the region in which such findings lie.
  mutating func places(
    _ count: Int, in area: FindingArea, otherwise region: Region, gap: Float = 0.03
  ) -> [Point] {
    switch area {
    case .macula: places(count, in: .macula(0.07..<0.34), gap: gap)
    case .nearDisc: places(count, in: .nearDisc(0.14..<0.38), gap: gap)
    case .arcades: places(count, in: .arcades, gap: gap)
    default: places(count, in: region, quadrants: area.quadrants, gap: gap)
    }
  }
}
