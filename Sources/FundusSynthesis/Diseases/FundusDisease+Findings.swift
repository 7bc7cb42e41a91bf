/// Collects what an eye with a disease shows.
private struct FindingDraw {
  var stream: RandomStream
  var findings: [SyntheticFundus.Request] = []

  /// Adds a finding with this probability and a severity in the range.
  mutating func add(
    _ kind: FindingKind, _ range: ClosedRange<Float>, probability: Float = 1,
    area: FindingArea = .anywhere
  ) {
    let chance = stream.uniform()
    let severity = range.lowerBound + (range.upperBound - range.lowerBound) * stream.uniform()
    if chance < probability { findings.append(.init(kind, severity: severity, area: area)) }
  }

  mutating func addDiabeticRetinopathy(_ grade: FundusDisease) {
    switch grade {
    case .mildDiabeticRetinopathy: add(.microaneurysms, 0.25...0.5)
    case .moderateDiabeticRetinopathy:
      add(.microaneurysms, 0.45...0.7)
      add(.dotHemorrhages, 0.35...0.55)
      add(.hardExudates, 0.25...0.6, probability: 0.7)
      add(.cottonWoolSpots, 0.1...0.2, probability: 0.25)
    case .severeDiabeticRetinopathy:
      add(.microaneurysms, 0.7...1)
      add(.dotHemorrhages, 0.8...1)
      add(.cottonWoolSpots, 0.3...0.7, probability: 0.75)
      add(.venousBeading, 0.6...1)
      add(.hardExudates, 0.2...0.6, probability: 0.5)
      add(.nonPerfusion, 0.3...0.6)
    default:
      let onDisc = stream.uniform() < 0.5
      add(.microaneurysms, 0.4...0.8)
      add(.dotHemorrhages, 0.4...0.8)
      add(.neovascularization, 0.5...1, area: onDisc ? .nearDisc : .arcades)
      add(.preretinalHemorrhage, 0.3...1, probability: 0.5)
      add(.laserScars, 0.3...0.8, probability: 0.3)
      add(.hardExudates, 0.2...0.6, probability: 0.4)
      add(.nonPerfusion, 0.4...0.9)
    }
  }

  mutating func addVascular(_ disease: FundusDisease) {
    switch disease {
    case .hypertensiveRetinopathy:
      add(.attenuatedArteries, 0.4...0.8)
      add(.arteriovenousNicking, 0.5...1)
      add(.flameHemorrhages, 0.25...0.6, probability: 0.85, area: .nearDisc)
      add(.cottonWoolSpots, 0.2...0.6, probability: 0.6)
      add(.hardExudates, 0.3...0.7, probability: 0.25, area: .macula)
      add(.discSwelling, 0.2...0.6, probability: 0.25)
    case .branchRetinalVeinOcclusion:
      let quadrant: RetinalQuadrant = stream.uniform() < 0.6 ? .superotemporal : .inferotemporal
      add(.flameHemorrhages, 0.7...1, area: .quadrant(quadrant))
      add(.dotHemorrhages, 0.4...0.7, area: .quadrant(quadrant))
      add(.cottonWoolSpots, 0.2...0.5, probability: 0.5, area: .quadrant(quadrant))
      add(.nonPerfusion, 0.2...0.5, probability: 0.6, area: .quadrant(quadrant))
      add(.macularEdema, 0.2...0.6, probability: 0.35)
    case .centralRetinalVeinOcclusion:
      add(.venousCongestion, 0.5...1)
      add(.flameHemorrhages, 0.85...1)
      add(.dotHemorrhages, 0.7...1)
      add(.discSwelling, 0.3...0.7)
      add(.cottonWoolSpots, 0.2...0.5, probability: 0.4)
    case .centralRetinalArteryOcclusion:
      add(.retinalWhitening, 0.4...1)
      add(.attenuatedArteries, 0.5...1)
    default:
      let upper = stream.uniform() < 0.5
      add(.retinalWhitening, 0.4...1, area: upper ? .superior : .inferior)
    }
  }
}

extension FundusDisease {
  /// Samples the findings of an eye with the disease, and their severities.
  func findings(stream: RandomStream) -> [SyntheticFundus.Request] {
    var draw = FindingDraw(stream: stream)
    switch self {
    case .normal: break
    case .mildDiabeticRetinopathy, .moderateDiabeticRetinopathy, .severeDiabeticRetinopathy,
      .proliferativeDiabeticRetinopathy:
      draw.addDiabeticRetinopathy(self)
    case .hypertensiveRetinopathy, .branchRetinalVeinOcclusion, .centralRetinalVeinOcclusion,
      .centralRetinalArteryOcclusion, .branchRetinalArteryOcclusion:
      draw.addVascular(self)
    case .diabeticMacularEdema:
      draw.add(.microaneurysms, 0.4...0.7)
      draw.add(.dotHemorrhages, 0.2...0.5)
      draw.add(.hardExudates, 0.5...1, area: .macula)
      draw.add(.macularEdema, 0.3...0.9)
    case .ageRelatedMacularDegeneration:
      draw.add(.drusen, 0.5...1)
      let course = draw.stream.uniform()
      if course < 0.35 {
        draw.add(.choroidalNeovascularization, 0.4...1)
      } else if course < 0.65 {
        draw.add(.geographicAtrophy, 0.2...0.9)
      }
    case .drusens: draw.add(.drusen, 0.2...0.7)
    case .choroidalNeovascularization: draw.add(.choroidalNeovascularization, 0.4...1)
    case .geographicAtrophy: draw.add(.geographicAtrophy, 0.3...1)
    case .glaucoma:
      draw.add(.enlargedCup, 0.3...1)
      draw.add(.discPallor, 0.1...0.3, probability: 0.4)
    case .opticDiscEdema:
      draw.add(.discSwelling, 0.5...1)
      draw.add(.venousCongestion, 0.15...0.5, probability: 0.6)
      draw.add(.flameHemorrhages, 0.2...0.45, probability: 0.6, area: .nearDisc)
    case .opticAtrophy:
      draw.add(.discPallor, 0.8...1)
      draw.add(.attenuatedArteries, 0.3...0.7)
    case .pathologicMyopia:
      draw.add(.tessellation, 0.5...1)
      draw.add(.myopicCrescent, 0.5...1)
      draw.add(.chorioretinalAtrophy, 0.2...0.9, probability: 0.6)
    case .tessellation: draw.add(.tessellation, 0.3...1)
    case .cataract: draw.add(.mediaHaze, 0.25...1)
    case .macularHole:
      draw.add(.macularHole, 0.3...1)
      draw.add(.epiretinalMembrane, 0.1...0.4, probability: 0.15)
    case .epiretinalMembrane: draw.add(.epiretinalMembrane, 0.4...1)
    case .centralSerousRetinopathy: draw.add(.serousDetachment, 0.3...1)
    case .cystoidMacularEdema: draw.add(.macularEdema, 0.6...1)
    case .retinitisPigmentosa:
      draw.add(.boneSpicules, 0.4...1)
      draw.add(.attenuatedArteries, 0.6...1)
      draw.add(.discPallor, 0.25...0.6)
    case .laserScar:
      draw.add(.laserScars, 0.3...1)
      draw.add(.microaneurysms, 0.2...0.5, probability: 0.4)
    case .myelinatedNerveFibers: draw.add(.myelinatedFibers, 0.3...1)
    case .choroidalNevus: draw.add(.nevus, 0.3...1)
    case .asteroidHyalosis: draw.add(.asteroidBodies, 0.3...1)
    }
    return draw.findings
  }
}
