/// The phase of an angiogram: the time after the injection.
public enum AngiogramPhase: String, Sendable, Hashable, Codable, CaseIterable {
  /// The dye reaches the choroid; the retinal vessels are still empty (about ten seconds).
  case armToRetina
  /// The arteries are full, the veins are not (about fifteen seconds).
  case arterial
  /// Arteries and veins are full, and hardly any dye has leaked (about half a minute).
  case venous
  /// Vessels fading, leaked dye bright (about ten minutes).
  case late
}

/// What findings paint an angiogram with.
struct AngiogramPainter: FindingPainter {
  let eye: FundusEye
  let phase: AngiogramPhase
  /// Fluorescence.
  var light: Plane
  var masks: [FindingKind: Plane] = [:]

  var view: FundusView { eye.view }
  /// 1 in the late phase, 0 before.
  var lateness: Float { phase == .late ? 1 : 0 }
  /// How much of the dye has arrived, 0…1.
  private var arrived: Float {
    switch phase {
    case .armToRetina: 0.06
    case .arterial: 0.5
    case .venous, .late: 1
    }
  }

  init(eye: FundusEye, phase: AngiogramPhase) {
    self.eye = eye
    self.phase = phase
    light = Plane(width: eye.view.size, height: eye.view.size)
  }

  /// An empty cover of the image's size.
  func cover() -> Plane { Plane(width: view.size, height: view.size) }

  /// Blood or pigment hides the light from behind.
  mutating func block(_ cover: Plane, opacity: Float = 1) {
    light.combine(cover) { light, cover in light * (1 - cover * opacity) }
  }

  /// Dye in or beyond vessels.
  mutating func glow(_ cover: Plane, to brightness: Float) {
    let brightness = brightness * arrived
    light.combine(cover) { light, cover in
      light + max(0, brightness - light) * cover
    }
  }

  /// Dye that has left vessels: the cover blurred as time passes, brighter when late.
  mutating func leak(_ cover: Plane, spread: Float, early: Float, late: Float) {
    let blurred = cover.blurred(spread * view.scale * (phase == .late ? 1 : 0.35))
    glow(blurred, to: phase == .late ? late : early)
  }
}
