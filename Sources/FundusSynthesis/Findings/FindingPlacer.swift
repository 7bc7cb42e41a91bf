import Foundation

/// A quarter of the retina, seen from the optic disc.
public enum RetinalQuadrant: String, Sendable, Hashable, Codable, CaseIterable {
  case superotemporal, inferotemporal, superonasal, inferonasal

  /// The quadrant of a place; nasal is what lies beyond the disc's center.
  init(_ place: Point, discCenter: Point) {
    let superior = place.y < discCenter.y * 0.5
    let nasal = place.x > discCenter.x
    self =
      superior
      ? (nasal ? .superonasal : .superotemporal) : (nasal ? .inferonasal : .inferotemporal)
  }
}

/// Finds places for findings: within the camera's view, off the disc, in the part asked for.
struct FindingPlacer {
  let eye: FundusEye
  var stream: RandomStream

  /// The region in which a finding typically occurs.
  enum Region {
    /// Within the arcades and around the disc.
    case posteriorPole
    /// Around the fovea, between two distances from it.
    case macula(Range<Float>)
    /// Further than this from the fovea.
    case periphery(Float)
    /// Between these distances from the disc's center.
    case nearDisc(Range<Float>)
    /// Close to a temporal arcade.
    case arcades
  }

  /// Places in a region, at least `gap` apart where that is possible.
  mutating func places(
    _ count: Int, in region: Region, quadrants: Set<RetinalQuadrant> = [], gap: Float = 0.03
  ) -> [Point] {
    var found: [Point] = []
    var attempts = 0
    while found.count < count, attempts < 400 + 60 * count {
      attempts += 1
      let place = draw(in: region)
      guard eye.view.sees(place), eye.traits.discDistance(place) > 1.25 else { continue }
      if !quadrants.isEmpty,
        !quadrants.contains(RetinalQuadrant(place, discCenter: eye.traits.discCenter))
      {
        continue
      }
      // Crowding is allowed once it has proved hard to keep apart.
      let distance = attempts < 30 * count ? gap : 0
      if found.contains(where: { ($0 - place).length < distance }) { continue }
      found.append(place)
    }
    return found
  }

  private mutating func draw(in region: Region) -> Point {
    func polar(_ radius: Float, _ angle: Float) -> Point { Point(cos(angle), sin(angle)) * radius }
    let angle = stream.uniform(in: 0..<2 * .pi)
    switch region {
    case .posteriorPole:
      return Point(0.2, 0) + polar(0.95 * stream.uniform().squareRoot(), angle)
        * Point(1, 0.85)
    case .macula(let range):
      return polar(stream.uniform(in: range), angle)
    case .periphery(let inner):
      return Point(0.1, 0) + polar(stream.uniform(in: inner..<max(inner + 0.1, 1.35)), angle)
    case .nearDisc(let range):
      return eye.traits.discCenter + polar(stream.uniform(in: range), angle)
    case .arcades:
      let side: Float = stream.uniform() < 0.5 ? -1 : 1
      let along = stream.uniform(in: 0.35..<2.2)
      let reach = 1 + 0.9 * smoothStep(1.4, 3, along) + stream.uniform(in: -0.16..<0.16)
      return Point(
        eye.traits.discCenter.x * cos(along) * reach,
        side * eye.traits.arcadeHeight * sin(along) * reach)
    }
  }

  /// A subset of the quadrants of this size.
  mutating func quadrants(_ count: Int) -> Set<RetinalQuadrant> {
    var all = RetinalQuadrant.allCases
    while all.count > max(1, count) { all.remove(at: stream.index(below: all.count)) }
    return Set(all)
  }
}
