import Foundation

/// A stretch of artery or vein from one branching to its end.
struct Vessel: Sendable {
  let isArtery: Bool
  /// 0 for the trunks that leave the disc.
  let order: Int
  var points: [Point]
  /// Half the caliber at each point.
  var radii: [Float]
}

/// The retinal vessels: four pairs of trunks leave the disc, the temporal ones arch around the
/// macula, and all branch toward thinner vessels that leave the fovea free.
struct VesselTree: Sendable {
  private(set) var vessels: [Vessel] = []

  private enum Course {
    /// Along the arcade; -1 above, 1 below.
    case arcade(side: Float, height: Float)
    /// Away from the disc.
    case outward
    /// Toward the fovea, without reaching it.
    case macular
  }

  init(traits: FundusTraits, stream: RandomStream) {
    for isArtery in [false, true] {
      for (quadrant, side) in [(0, -1), (1, 1), (2, -1), (3, 1)] as [(UInt64, Float)] {
        var random = stream.derived(isArtery ? 1 : 0, quadrant)
        growTrunk(
          isArtery: isArtery, temporal: quadrant < 2, side: side, traits: traits, stream: &random)
      }
      var random = stream.derived(isArtery ? 1 : 0, 9)
      growPapillomacular(isArtery: isArtery, traits: traits, stream: &random)
    }
  }

  private mutating func growTrunk(
    isArtery: Bool, temporal: Bool, side: Float, traits: FundusTraits, stream: inout RandomStream
  ) {
    let jitter = stream.uniform(in: -0.1..<0.1)
    let start =
      traits.discCenter
      + traits.discRadius
      * Point(
        0.02 + 0.4 * max(0, traits.cupRatio - 0.3) + jitter,
        side * (isArtery ? 0.16 : 0.1) + jitter / 2)
    let radius =
      (isArtery ? 0.0112 * traits.arteryCaliber : 0.0142 * traits.veinCaliber)
      * (temporal ? 1 : 0.72) * stream.uniform(in: 0.9..<1.1)
    if temporal {
      let height =
        traits.arcadeHeight * stream.uniform(in: 0.84..<1.16) + (isArtery ? -0.035 : 0.035)
      let heading = Point(stream.uniform(in: -0.1..<0.35), side)
      grow(
        from: start, heading: heading, radius: radius, length: 2.3, order: 0, isArtery: isArtery,
        course: .arcade(side: side, height: height), traits: traits, stream: &stream)
    } else {
      let heading = Point(stream.uniform(in: 0.35..<0.9) + (isArtery ? 0.15 : 0), side)
      grow(
        from: start, heading: heading, radius: radius, length: 1.3, order: 0, isArtery: isArtery,
        course: .outward, traits: traits, stream: &stream)
    }
  }

  /// Thin vessels that leave the disc's temporal margin straight for the macula, and a few nasal ones.
  private mutating func growPapillomacular(
    isArtery: Bool, traits: FundusTraits, stream: inout RandomStream
  ) {
    for _ in 0..<2 {
      let side: Float = stream.uniform() < 0.5 ? -1 : 1
      let start = traits.discCenter + traits.discRadius * Point(-0.3, side * 0.35)
      grow(
        from: start, heading: Point(-1, side * stream.uniform(in: 0.1..<0.7)), radius: 0.0042,
        length: stream.uniform(in: 0.3..<0.5), order: 2, isArtery: isArtery, course: .macular,
        traits: traits, stream: &stream)
    }
    let side: Float = stream.uniform() < 0.5 ? -1 : 1
    grow(
      from: traits.discCenter + traits.discRadius * Point(0.3, 0.1 * side),
      heading: Point(1, side * stream.uniform(in: 0..<0.4)), radius: 0.0048,
      length: 0.7, order: 1, isArtery: isArtery, course: .outward, traits: traits, stream: &stream)
  }

  private mutating func grow(
    from start: Point, heading: Point, radius: Float, length: Float, order: Int, isArtery: Bool,
    course: Course, traits: FundusTraits, stream: inout RandomStream
  ) {
    let step: Float = order < 2 ? 0.02 : 0.016
    let tortuosity = isArtery ? traits.arteryTortuosity : traits.veinTortuosity
    let restDistance = stream.uniform(in: 0.13..<0.24)
    var points = [start], radii = [radius]
    var place = start, direction = heading.direction, caliber = radius
    var wander: Float = 0, traveled: Float = 0
    var nextBranch = stream.uniform(in: 0.06..<0.16), outerNext = stream.uniform() < 0.5
    var branches: [(place: Point, heading: Point, radius: Float, inner: Bool)] = []
    let phase = stream.uniform(in: 0..<6), drifting = stream.uniform(in: 5..<9)
    while traveled < length {
      let aim = Self.aim(course, at: place, direction: direction, traits: traits)
      direction = (direction * 0.8 + aim * 0.2).direction
      wander = 0.8 * wander + stream.uniform(in: -0.26..<0.26) * tortuosity
      // High tortuosity also winds regularly, as congested vessels do.
      let winding = max(0, tortuosity - 1) * 0.55 * sin(traveled * 34 + phase)
      let drift = (order == 0 ? 0.22 : 0.12) * sin(traveled * drifting + phase * 2)
      let moved = direction.rotated(by: wander * 0.6 + winding + drift)
      place += moved * step
      traveled += step
      caliber *= order == 0 ? 0.9945 : 0.988
      points.append(place)
      let beads =
        isArtery ? 1 : 1 + traits.veinBeading * 0.42 * sin(traveled * 58 + phase)
      radii.append(max(0.0013, caliber * beads))
      if place.length > 2.1 { break }
      if case .macular = course {
        if place.length < restDistance || place.y * start.y < 0 && place.x < 0.4 { break }
      }
      let free = traits.discDistance(place) > 1.3
      if free, traveled > nextBranch, order < 3, caliber > 0.0026 {
        nextBranch = traveled + stream.uniform(in: 0.09..<0.28)
        let turn = stream.uniform(in: 0.5..<1.1)
        // For arcades "inner" is the macular side; for others just one of both sides.
        let sideSign: Float = outerNext ? 1 : -1
        branches.append(
          (
            place, moved.rotated(by: turn * sideSign),
            caliber * stream.uniform(in: 0.45..<0.72), !outerNext
          ))
        outerNext.toggle()
        caliber *= 0.955
      }
    }
    guard points.count > 2 else { return }
    // The last stretch fades away instead of ending with a knob.
    let tail = min(8, radii.count - 1)
    for index in 0..<tail {
      radii[radii.count - 1 - index] *= 0.45 + 0.55 * Float(index) / Float(tail)
    }
    vessels.append(
      Vessel(isArtery: isArtery, order: order, points: points, radii: radii))
    for branch in branches {
      let toFovea = (-branch.place).direction
      let inner = (branch.heading * toFovea).sum() > 0.25 && branch.place.x < traits.discCenter.x
      let reach = order == 0 ? stream.uniform(in: 0.35..<0.75) : stream.uniform(in: 0.15..<0.35)
      grow(
        from: branch.place, heading: branch.heading, radius: branch.radius, length: reach,
        order: order + 1, isArtery: isArtery, course: inner ? .macular : .outward, traits: traits,
        stream: &stream)
    }
  }

  private static func aim(
    _ course: Course, at place: Point, direction: Point, traits: FundusTraits
  ) -> Point {
    switch course {
    case .arcade(let side, let height):
      let scale = Point(traits.discCenter.x, height)
      let turned = Point(place.x, place.y * side) / scale
      let angle = atan2(turned.y, turned.x)
      let tangent = Point(-sin(angle) * scale.x, cos(angle) * scale.y * side)
      // Beyond the top of the arch the vessel leaves for the periphery.
      let wanted = 1 + 1.1 * smoothStep(1.4, 3, angle)
      let outward = (turned * Point(1, side)).direction
      return (tangent.direction + outward * (wanted - turned.length) * 2.2).direction
    case .outward:
      let radial = (place - traits.discCenter).direction
      return (direction * 2 + radial).direction
    case .macular:
      let arch = Point(-1, 0)
      let toFovea = (-place).direction
      return (direction * 2 + toFovea + arch * 0.4).direction
    }
  }
}
