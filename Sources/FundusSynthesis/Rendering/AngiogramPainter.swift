/// When an angiogram was taken after the injection.
public enum AngiogramPhase: String, Sendable, Hashable, Codable, CaseIterable {
  /// Arteries and veins full, nothing leaked yet (about half a minute).
  case early
  /// Vessels fading, leaked dye bright (about ten minutes).
  case late
}

/// What findings paint an angiogram with.
struct AngiogramPainter {
  let eye: FundusEye
  let phase: AngiogramPhase
  /// Fluorescence.
  var light: Plane
  private(set) var masks: [FindingKind: Plane] = [:]

  var view: FundusView { eye.view }
  /// 0 early, 1 late.
  var lateness: Float { phase == .late ? 1 : 0 }

  init(eye: FundusEye, phase: AngiogramPhase) {
    self.eye = eye
    self.phase = phase
    light = Plane(width: eye.view.size, height: eye.view.size)
  }

  /// An empty cover of the image's size.
  func cover() -> Plane { Plane(width: view.size, height: view.size) }

  /// Records what a finding covers.
  mutating func mark(_ cover: Plane, as kind: FindingKind) {
    if masks[kind] == nil {
      masks[kind] = cover
    } else {
      masks[kind]?.combine(cover, max)
    }
  }

  /// Blood or pigment hides the light from behind.
  mutating func block(_ cover: Plane, opacity: Float = 1) {
    light.combine(cover) { light, cover in light * (1 - cover * opacity) }
  }

  /// Dye in or beyond vessels.
  mutating func glow(_ cover: Plane, to brightness: Float) {
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
