import Foundation

/// The borders between the layers of the retina along a horizontal scan through the fovea.
///
/// Depths grow downwards, in units of the image's side; one value for each column.
struct RetinalProfile: Sendable {
  /// From the vitreous to the choroid's back: inner limiting membrane, then the lower borders of
  /// nerve fibers, ganglion cells with the inner plexiform layer, inner nuclear, outer plexiform and
  /// outer nuclear layer, photoreceptors, pigment epithelium and choroid.
  enum Border: Int, CaseIterable {
    case surface, fibers, ganglion, innerNuclear, outerPlexiform, outerNuclear, photoreceptors,
      pigment, choroid
  }

  var borders: [[Float]]
  /// Place on the retina of each column: x of `FundusTraits`.
  let places: [Float]
  /// Where fluid lifts the retina off the pigment epithelium.
  var fluid: [Float]
  /// Where a membrane or deposit lies between retina and pigment epithelium.
  var deposit: [Float]

  subscript(border: Border) -> [Float] {
    get { borders[border.rawValue] }
    set { borders[border.rawValue] = newValue }
  }

  /// Moves borders from the first to the last by what `shift` says of each place (down is positive).
  mutating func move(_ range: ClosedRange<Int>, by shift: (Float) -> Float) {
    for column in places.indices {
      let amount = shift(places[column])
      if amount == 0 { continue }
      for border in range { borders[border][column] += amount }
    }
  }
}

/// What findings paint a B-scan with. Findings first change the profile; cavities and bright spots
/// are recorded and painted by the renderer.
struct TomogramPainter: FindingPainter {
  let eye: FundusEye
  let size: Int
  var profile: RetinalProfile
  /// 1 where there is nothing but fluid.
  var cavities: Plane
  /// Bright spots and what they cover.
  var foci: Plane
  /// Photoreceptors that are left at each column.
  var photoreceptors: [Float]
  /// Pigment epithelium that is left at each column.
  var pigmentEpithelium: [Float]
  /// Columns where the retina is gone altogether.
  var hole: [Float]
  /// A membrane on the surface: its brightness.
  var membrane: Float = 0
  var masks: [FindingKind: Plane] = [:]
  private var stream: RandomStream

  init(eye: FundusEye, profile: RetinalProfile) {
    self.eye = eye
    self.profile = profile
    size = eye.view.size
    cavities = Plane(width: size, height: size)
    foci = cavities
    photoreceptors = [Float](repeating: 1, count: size)
    pigmentEpithelium = photoreceptors
    hole = [Float](repeating: 0, count: size)
    stream = RandomStream(seed: UInt64(eye.textureSeed)).derived("tomogram")
  }

  private func column(_ place: Float) -> Float {
    let first = profile.places[0], last = profile.places[size - 1]
    return (place - first) / (last - first) * Float(size - 1)
  }

  private func depth(_ border: RetinalProfile.Border, _ column: Int) -> Float {
    profile[border][min(max(column, 0), size - 1)]
  }

  /// Marks the pixels between two borders near a place.
  private mutating func markBand(
    _ upper: RetinalProfile.Border, _ lower: RetinalProfile.Border, around place: Float,
    width: Float, as kind: FindingKind
  ) {
    var mask = Plane(width: size, height: size)
    for x in 0..<size where abs(profile.places[x] - place) < width {
      let top = Int(depth(upper, x) * Float(size)), bottom = Int(depth(lower, x) * Float(size))
      for y in max(0, top)..<max(0, min(size, max(top, bottom + 1))) {
        mask.values[y * size + x] = 1
      }
    }
    mark(mask, as: kind)
  }

  /// Hyperreflective points in the outer layers, with shadows behind them.
  mutating func addFoci(count: Int, kind: FindingKind) {
    var spots = Plane(width: size, height: size)
    for _ in 0..<count {
      let place = stream.uniform(in: -0.5..<0.5)
      let x = column(place)
      let top = depth(.ganglion, Int(x)), bottom = depth(.outerNuclear, Int(x))
      let y = top + (bottom - top) * stream.uniform(in: 0.3..<0.95)
      spots.addBlob(
        at: Point(x, y * Float(size)), radius: Float(size) * stream.uniform(in: 0.004..<0.01),
        softness: 0.6)
    }
    foci.combine(spots, max)
    mark(spots, as: kind)
  }

  /// Mounds that lift the pigment epithelium.
  mutating func addDrusen(count: Int, height: Float, kind: FindingKind) {
    var lift = [Float](repeating: 0, count: size)
    for _ in 0..<count {
      let place = stream.uniform(in: -0.42..<0.42)
      let width = stream.uniform(in: 0.025..<0.06)
      let tall = height * stream.uniform(in: 0.5..<1)
      for index in lift.indices {
        let away = (profile.places[index] - place) / width
        lift[index] = max(lift[index], tall * exp(-away * away))
      }
      markBand(.photoreceptors, .pigment, around: place, width: width * 1.5, as: kind)
    }
    // The further from the mound, the less a layer is bent.
    for (border, share) in [(6, 1), (5, 1), (4, 0.7), (3, 0.5), (2, 0.35)] as [(Int, Float)] {
      for index in lift.indices { profile.borders[border][index] -= share * lift[index] }
    }
    for index in lift.indices {
      profile.deposit[index] = max(profile.deposit[index], lift[index])
    }
  }

  /// Outer layers lost: light passes into the choroid.
  mutating func addAtrophy(width: Float, kind: FindingKind) {
    for index in profile.places.indices {
      let lost = 1 - smoothStep(width * 0.9, width * 1.1, abs(profile.places[index] + 0.02))
      photoreceptors[index] *= 1 - lost
      pigmentEpithelium[index] *= 1 - 0.9 * lost
    }
    profile.move(0...5) { x in
      0.035 * (1 - smoothStep(width * 0.7, width * 1.3, abs(x + 0.02)))
    }
    markBand(.outerNuclear, .choroid, around: -0.02, width: width, as: kind)
  }

  /// New vessels and scar between retina and pigment epithelium, with some fluid at the sides.
  mutating func addSubretinalMass(width: Float, height: Float, kind: FindingKind) {
    let place = stream.uniform(in: -0.1..<0.1)
    let lump = { (x: Float) in
      height * exp(-pow((x - place) / width, 4)) * (1 + 0.16 * sin(x * 70))
    }
    profile.move(0...6) { -lump($0) }
    for index in profile.places.indices {
      let x = profile.places[index]
      profile.deposit[index] = max(profile.deposit[index], lump(x))
      profile.fluid[index] = max(
        profile.fluid[index], 0.7 * height * exp(-pow((x - place - width * 1.5) / (width * 0.6), 2))
      )
      photoreceptors[index] *= 1 - 0.7 * exp(-pow((x - place) / width, 4))
    }
    profile.move(0...6) { x in
      -0.7 * height * exp(-pow((x - place - width * 1.5) / (width * 0.6), 2))
    }
    markBand(.photoreceptors, .pigment, around: place, width: width * 1.1, as: kind)
  }

  /// Clear fluid that lifts the whole retina.
  mutating func addSubretinalFluid(width: Float, height: Float, kind: FindingKind) {
    let place = stream.uniform(in: -0.08..<0.08)
    let dome = { (x: Float) -> Float in
      let t = 1 - pow(abs(x - place) / width, 2)
      return t > 0 ? height * pow(t, 0.9) : 0
    }
    profile.move(0...6) { -dome($0) }
    for index in profile.places.indices {
      profile.fluid[index] = max(profile.fluid[index], dome(profile.places[index]))
    }
    markBand(.photoreceptors, .pigment, around: place, width: width, as: kind)
  }

  /// A gap through all layers with swollen, overhanging edges.
  mutating func addHole(width: Float, kind: FindingKind) {
    let edge = width * 2.6
    profile.move(0...2) { x in
      let t = max(0, 1 - abs(abs(x) - width * 1.15) / edge)
      return -0.035 * t * t
    }
    for index in profile.places.indices {
      hole[index] = max(
        hole[index], 1 - smoothStep(width * 0.92, width * 1.04, abs(profile.places[index])))
      photoreceptors[index] *= smoothStep(width * 1.1, width * 1.9, abs(profile.places[index]))
    }
    for side in [-1, 1] as [Float] {
      for step in 0..<3 {
        let place = side * width * (1.35 + 0.55 * Float(step))
        let x = column(place)
        let top = depth(.ganglion, Int(x)), bottom = depth(.outerNuclear, Int(x))
        cavities.addHill(
          at: Point(x, (top + (bottom - top) * 0.5) * Float(size)),
          deviation: Point(0.011 - 0.002 * Float(step), 0.018) * Float(size), strength: 1.3)
      }
    }
    markBand(.surface, .pigment, around: 0, width: width, as: kind)
  }

  /// Cysts that swell the layers around the fovea.
  mutating func addCysts(count: Int, swelling: Float, kind: FindingKind) {
    profile.move(0...1) { x in -swelling * exp(-pow(x / 0.26, 2)) }
    profile.move(2...2) { x in -0.8 * swelling * exp(-pow(x / 0.26, 2)) }
    profile.move(3...4) { x in -0.35 * swelling * exp(-pow(x / 0.26, 2)) }
    var cysts = Plane(width: size, height: size)
    for index in 0..<count {
      let spread = (Float(index) + 0.5) / Float(count) - 0.5
      let place = spread * 0.5 + stream.uniform(in: -0.03..<0.03)
      let x = column(place)
      let top = depth(.ganglion, Int(x)), bottom = depth(.outerNuclear, Int(x))
      let central = exp(-pow(place / 0.16, 2))
      cysts.addBlob(
        at: Point(x, (top + (bottom - top) * stream.uniform(in: 0.3..<0.7)) * Float(size)),
        radius: Float(size) * (0.012 + 0.2 * swelling * central),
        outline: Outline(
          roughness: 0.08, stream: &stream, stretch: Point(0.8, 1.2)), softness: 0.2)
    }
    cavities.combine(cysts, max)
    mark(cysts, as: kind)
  }

  /// A bright line on a wrinkled surface.
  mutating func addSurfaceMembrane(wrinkling: Float, kind: FindingKind) {
    membrane = 1
    let phase = stream.uniform(in: 0..<6)
    profile.move(0...2) { x in
      let window: Float = exp(-pow(x / 0.5, 4))
      return window * (-wrinkling * 1.6 * exp(-pow(x / 0.2, 2)) + wrinkling * sin(x * 46 + phase))
    }
    // The pit is pulled flat.
    profile.move(0...1) { x in -0.045 * exp(-pow(x / 0.12, 2)) }
    markBand(.surface, .fibers, around: 0, width: 0.5, as: kind)
  }

  /// A thin layer of nerve fibers and ganglion cells.
  mutating func thinNerveFibers(by share: Float) {
    for column in profile.places.indices {
      let top = profile[.surface][column]
      let fibers = profile[.fibers][column] - top
      let ganglion = profile[.ganglion][column] - profile[.fibers][column]
      profile[.surface][column] += share * (0.9 * fibers + 0.4 * ganglion)
      profile[.fibers][column] += share * 0.4 * ganglion
    }
  }

  /// A long eye: strongly curved, with a thin choroid.
  mutating func stretch(by amount: Float) {
    profile.move(0...8) { x in -amount * 0.22 * x * x }
    for column in profile.places.indices {
      let thickness = profile[.choroid][column] - profile[.pigment][column]
      profile[.choroid][column] -= 0.72 * amount * thickness
    }
  }

  /// Photoreceptors are left around the fovea only.
  mutating func losePhotoreceptors(outside radius: Float, kind: FindingKind) {
    for index in profile.places.indices {
      photoreceptors[index] *=
        1 - smoothStep(radius * 0.8, radius * 1.3, abs(profile.places[index]))
    }
    profile.move(0...4) { x in 0.038 * smoothStep(radius * 0.8, radius * 1.5, abs(x)) }
  }
}
