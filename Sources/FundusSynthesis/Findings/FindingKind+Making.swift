extension FindingKind {
  /// Changes the eye or the camera as the finding does.
  func adjust(
    _ traits: inout FundusTraits, _ camera: inout CameraTraits, severity: Float,
    stream: inout RandomStream
  ) {
    switch self {
    case .enlargedCup:
      traits.cupRatio = 0.62 + 0.26 * severity + stream.uniform(in: -0.03..<0.03)
      traits.cupOffset *= 0.5
    case .discSwelling: traits.discSwelling = 0.35 + 0.65 * severity
    case .discPallor: traits.discPallor = 0.35 + 0.6 * severity
    case .venousBeading: traits.veinBeading = 0.4 + 0.6 * severity
    case .venousCongestion:
      traits.veinCaliber *= 1.12 + 0.33 * severity
      traits.veinTortuosity = 1.15 + 0.85 * severity
    case .attenuatedArteries:
      traits.arteryCaliber *= 1 - 0.5 * severity
      traits.veinCaliber *= 1 - 0.2 * severity
    case .arteriovenousNicking:
      traits.nicking = 0.5 + 0.5 * severity
      traits.arterialReflex += 0.7 * severity
    case .tessellation:
      traits.tessellation = max(traits.tessellation, 0.5 + 0.6 * severity)
      traits.pigment *= 0.7
      traits.youth *= 0.3
    case .myopicCrescent:
      traits.discRadius.x *= 1 - 0.16 * severity
      traits.discAngle += stream.uniform(in: -0.25..<0.25)
    case .epiretinalMembrane: traits.veinTortuosity += 0.5 * severity
    case .macularHole, .macularEdema, .serousDetachment, .drusen, .geographicAtrophy:
      traits.youth = 0
    case .mediaHaze:
      camera.haze = 0.3 + 0.62 * severity
      let yellow = stream.uniform()
      camera.hazeColor = Color(0.66, 0.5 + 0.08 * yellow, 0.28 + 0.2 * yellow)
      traits.youth = 0
    default: break
    }
  }

  /// The finding, placed in an eye.
  func place(
    severity: Float, area: FindingArea, in eye: FundusEye, stream: RandomStream
  ) -> any FundusFinding {
    switch self {
    case .microaneurysms:
      Microaneurysms(severity: severity, area: area, eye: eye, stream: stream)
    case .dotHemorrhages:
      DotHemorrhages(severity: severity, area: area, eye: eye, stream: stream)
    case .flameHemorrhages:
      FlameHemorrhages(severity: severity, area: area, eye: eye, stream: stream)
    case .preretinalHemorrhage:
      PreretinalHemorrhage(severity: severity, area: area, eye: eye, stream: stream)
    case .hardExudates: HardExudates(severity: severity, area: area, eye: eye, stream: stream)
    case .cottonWoolSpots:
      CottonWoolSpots(severity: severity, area: area, eye: eye, stream: stream)
    case .neovascularization:
      Neovascularization(severity: severity, area: area, eye: eye, stream: stream)
    case .laserScars: LaserScars(severity: severity, area: area, eye: eye, stream: stream)
    case .nonPerfusion: NonPerfusion(severity: severity, area: area, eye: eye, stream: stream)
    case .macularEdema: MacularEdema(severity: severity, area: area, eye: eye, stream: stream)
    case .drusen: Drusen(severity: severity, area: area, eye: eye, stream: stream)
    case .geographicAtrophy:
      GeographicAtrophy(severity: severity, area: area, eye: eye, stream: stream)
    case .choroidalNeovascularization:
      ChoroidalNeovascularization(severity: severity, area: area, eye: eye, stream: stream)
    case .serousDetachment:
      SerousDetachment(severity: severity, area: area, eye: eye, stream: stream)
    case .macularHole: MacularHole(severity: severity, area: area, eye: eye, stream: stream)
    case .epiretinalMembrane:
      EpiretinalMembrane(severity: severity, area: area, eye: eye, stream: stream)
    case .enlargedCup, .discSwelling, .discPallor:
      DiscChange(self, severity: severity, eye: eye, stream: stream)
    case .myopicCrescent: MyopicCrescent(severity: severity, area: area, eye: eye, stream: stream)
    case .chorioretinalAtrophy:
      ChorioretinalAtrophy(severity: severity, area: area, eye: eye, stream: stream)
    case .boneSpicules: BoneSpicules(severity: severity, area: area, eye: eye, stream: stream)
    case .retinalWhitening:
      RetinalWhitening(severity: severity, area: area, eye: eye, stream: stream)
    case .myelinatedFibers:
      MyelinatedFibers(severity: severity, area: area, eye: eye, stream: stream)
    case .nevus: Nevus(severity: severity, area: area, eye: eye, stream: stream)
    case .asteroidBodies: AsteroidBodies(severity: severity, area: area, eye: eye, stream: stream)
    case .venousBeading, .venousCongestion, .attenuatedArteries, .arteriovenousNicking,
      .tessellation, .mediaHaze:
      DiffuseFinding(kind: self, severity: severity)
    }
  }
}
