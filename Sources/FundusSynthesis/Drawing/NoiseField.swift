/// Smooth random texture: values on lattices of growing fineness, interpolated and summed.
///
/// A pure function of its seed and the place, so an image drawn at another size shows the same
/// texture.
struct NoiseField: Sendable {
  let seed: UInt32
  /// Lattice points per unit of length at the coarsest octave.
  let frequency: Float
  let octaves: Int
  /// How the amplitude falls from one octave to the next.
  var gain: Float = 0.5
  /// Stretches the texture: lattice points in y per one in x.
  var aspect: Float = 1

  /// A mixed 32-bit number of a lattice point.
  static func hash(_ x: Int32, _ y: Int32, _ seed: UInt32) -> UInt32 {
    var h = UInt32(bitPattern: x) &* 0x9E37_79B1 ^ UInt32(bitPattern: y) &* 0x85EB_CA77 ^ seed
    h ^= h >> 15
    h = h &* 0x2C1B_3C6D
    h ^= h >> 12
    h = h &* 0x297A_2D39
    return h ^ h >> 15
  }

  /// The texture in -1…1 over a grid whose pixel (0, 0) lies at `origin` and whose pixels are `step`
  /// apart.
  func plane(width: Int, height: Int, origin: Point, step: Float) -> Plane {
    var result = Plane(width: width, height: height)
    var amplitude: Float = 1, total: Float = 0
    for octave in 0..<octaves {
      let scale = frequency * Float(1 << octave)
      // Detail finer than two pixels would only alias.
      if octave > 0, scale * step > 0.7 { break }
      add(to: &result, origin: origin, step: step, scale: scale, amplitude, UInt32(octave))
      total += amplitude
      amplitude *= gain
    }
    let norm = 1 / total
    for index in result.values.indices { result.values[index] *= norm }
    return result
  }

  private func add(
    to plane: inout Plane, origin: Point, step: Float, scale: Float, _ amplitude: Float,
    _ octave: UInt32
  ) {
    let salt = seed &+ octave &* 0x51ED_270B
    let width = plane.width
    var cells = [Int32](repeating: 0, count: width)
    var weights = [Float](repeating: 0, count: width)
    for x in 0..<width {
      let u = (origin.x + Float(x) * step) * scale
      let cell = u.rounded(.down)
      let t = u - cell
      cells[x] = Int32(cell)
      weights[x] = t * t * (3 - 2 * t)
    }
    let first = cells[0]
    let columns = Int(cells[width - 1] - first) + 2
    func latticeRow(_ y: Int32) -> [Float] {
      (0..<columns).map { column in
        Float(Self.hash(first &+ Int32(column), y, salt)) * (2 / 4_294_967_296) - 1
      }
    }
    var current: Int32?
    var above: [Float] = [], below: [Float] = []
    var row = [Float](repeating: 0, count: columns)
    for y in 0..<plane.height {
      let v = (origin.y + Float(y) * step) * scale * aspect
      let cell = v.rounded(.down)
      if current != Int32(cell) {
        current = Int32(cell)
        above = latticeRow(Int32(cell))
        below = latticeRow(Int32(cell) &+ 1)
      }
      let t = v - cell
      let weight = t * t * (3 - 2 * t)
      for column in 0..<columns {
        row[column] = amplitude * (above[column] + weight * (below[column] - above[column]))
      }
      let start = y * width
      for x in 0..<width {
        let column = Int(cells[x] &- first)
        plane.values[start + x] += row[column] + weights[x] * (row[column + 1] - row[column])
      }
    }
  }

  /// The texture at one place.
  func value(at place: Point) -> Float {
    plane(width: 1, height: 1, origin: place, step: 0).values[0]
  }
}
