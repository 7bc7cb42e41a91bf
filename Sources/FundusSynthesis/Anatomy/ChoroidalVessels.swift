import Foundation

/// The large vessels of the choroid, which show through where pigment is thin: broad bands that run
/// outwards from the posterior pole, branch and join.
struct ChoroidalVessels {
  let eye: FundusEye

  /// How far each pixel lies on such a vessel.
  func cover() -> Plane {
    let view = eye.view
    var cover = Plane(width: view.size, height: view.size)
    var stream = RandomStream(seed: UInt64(eye.textureSeed)).derived("choroid")
    let softness = max(1, 0.02 * view.scale)
    // Only where they are plain to see is the dense network worth its cost.
    let count = eye.traits.tessellation > 0.3 ? 380 : 110
    for index in 0..<count {
      // Starts lie on a sunflower spiral, so that bands are spread evenly.
      let turn = Float(index) * 2.39996
      let reach = 1.45 * (Float(index) / Float(count)).squareRoot()
      var place =
        Point(cos(turn), sin(turn)) * reach
        + Point(stream.uniform(in: -0.06..<0.06), stream.uniform(in: -0.06..<0.06))
      var heading = (place - Point(0.3, 0)).direction.rotated(by: stream.uniform(in: -0.8..<0.8))
      let radius = stream.uniform(in: 0.007..<0.016)
      var points = [view.pixel(place)]
      for _ in 0..<(7 + stream.index(below: 5)) {
        heading = heading.rotated(by: stream.uniform(in: -0.62..<0.62))
        place += heading * 0.055
        points.append(view.pixel(place))
      }
      cover.addStroke(
        points, radii: [Float](repeating: radius * view.scale, count: points.count),
        softness: softness, strength: stream.uniform(in: 0.55..<1))
    }
    return cover
  }
}
