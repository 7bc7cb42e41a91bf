extension DatasetPlan {
  /// Findings that an angiogram shows, of which at most one lies at the fovea.
  private static let scattered: [FindingKind] = [
    .microaneurysms, .dotHemorrhages, .flameHemorrhages, .preretinalHemorrhage, .cottonWoolSpots,
    .neovascularization, .laserScars, .nonPerfusion, .drusen, .discSwelling, .venousCongestion,
    .venousBeading, .attenuatedArteries, .chorioretinalAtrophy, .boneSpicules, .nevus,
  ]
  private static let central: [FindingKind] = [
    .macularEdema, .geographicAtrophy, .choroidalNeovascularization, .serousDetachment,
    .macularHole,
  ]

  /// Studies for report generation: any findings together, wherever they may lie, so that a report cannot
  /// be guessed from a diagnosis. Seven tenths are for training, one for validation, two for tests.
  mutating func addReports(_ count: Int) {
    for number in 0..<count {
      var stream = stream(Self.reports, number)
      let findings = Self.findings(&stream)
      let phases = self.phases(&stream)
      let laterality: Laterality = stream.uniform() < 0.5 ? .left : .right
      let seed = stream.next()
      let digits = String(number)
      let study = Study(
        id: "study_" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits,
        split: number % 10 < 7 ? "train" : number % 10 == 7 ? "val" : "test", phases: phases,
        variant: stream.next())
      for (index, phase) in phases.enumerated() {
        let fundus = SyntheticFundus(
          modality: .angiography, findings: findings, laterality: laterality, phase: phase,
          seed: seed)
        add(
          Image(
            folder: Self.reports, number: number * configuration.imagesPerReport + index,
            fundus: fundus, role: .reported(study: study)))
      }
    }
  }

  private static func findings(_ stream: inout RandomStream) -> [SyntheticFundus.Request] {
    let drawn = stream.uniform()
    // One eye in eight is healthy.
    let count = drawn < 0.125 ? 0 : drawn < 0.45 ? 1 : drawn < 0.8 ? 2 : 3
    var requests: [SyntheticFundus.Request] = []
    var kinds = scattered + central
    while requests.count < count {
      let kind = kinds.remove(at: stream.index(below: kinds.count))
      if central.contains(kind) { kinds.removeAll(where: central.contains) }
      requests.append(
        SyntheticFundus.Request(
          kind, severity: stream.uniform(in: 0.35..<1), area: area(for: kind, &stream)))
    }
    // The order of a report is that of the list, not of the draw.
    let order = scattered + central
    return requests.sorted {
      (order.firstIndex(of: $0.kind) ?? 0) < (order.firstIndex(of: $1.kind) ?? 0)
    }
  }

  private static func area(for kind: FindingKind, _ stream: inout RandomStream) -> FindingArea {
    let quadrants = RetinalQuadrant.allCases
    let quadrant = quadrants[stream.index(below: quadrants.count)]
    let drawn = stream.uniform()
    switch kind {
    case .neovascularization: return drawn < 0.4 ? .nearDisc : .arcades
    case .microaneurysms where drawn < 0.3: return .macula
    case .laserScars where drawn < 0.5: return .anywhere
    default:
      return drawn < 0.35
        ? .anywhere : drawn < 0.75 ? .quadrant(quadrant) : drawn < 0.88 ? .superior : .inferior
    }
  }

  /// Different phases in the order of time; the early ones are rarer, as in clinics.
  private func phases(_ stream: inout RandomStream) -> [AngiogramPhase] {
    var weights: [(phase: AngiogramPhase, weight: Float)] = [
      (.armToRetina, 0.05), (.arterial, 0.15), (.venous, 0.4), (.late, 0.4),
    ]
    var chosen: Set<AngiogramPhase> = []
    while chosen.count < min(configuration.imagesPerReport, AngiogramPhase.allCases.count) {
      var drawn = stream.uniform() * weights.reduce(0) { $0 + $1.weight }
      let index =
        weights.firstIndex { item in
          drawn -= item.weight
          return drawn < 0
        } ?? weights.count - 1
      chosen.insert(weights.remove(at: index).phase)
    }
    return AngiogramPhase.allCases.filter(chosen.contains)
  }
}
