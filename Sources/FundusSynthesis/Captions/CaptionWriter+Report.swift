/// The English report of one or several images of an angiogram of the same eye: the phases, the findings in
/// each with location and extent, and a few absent findings. Every statement is true of the rendering.
extension CaptionWriter {
  /// The report.
  /// - Parameter phases: the phases of the images in chronological order; at least one.
  func report(phases: [AngiogramPhase]) -> String {
    var sentences = [opening(phases)]
    let several = phases.count > 1
    for (index, phase) in phases.enumerated() {
      let seen = signs(in: phase)
      let use = 1000 * UInt64(index + 1)
      let filling = choose(fillingPhrases(phase), use)
      sentences.append(several ? "in the \(phase.name) phase \(filling)" : filling)
      for (place, item) in seen.enumerated() {
        sentences.append(fill(choose(item.signs, use + 10 + UInt64(place)), for: item.finding))
      }
      if phase != .armToRetina {
        sentences += absences(in: phase, seen.map(\.finding.kind), use + 500)
      }
    }
    return sentences.map(\.capitalizedFirst).joined(separator: ". ") + "."
  }

  private func opening(_ phases: [AngiogramPhase]) -> String {
    let side = scene.eye.traits.laterality == .right ? "right" : "left"
    let names = phases.map(\.name)
    let list =
      names.count == 1
      ? names[0] : names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    let noun = names.count == 1 ? "phase" : "phases"
    return choose(
      [
        "Fluorescein angiography of the \(side) eye in the \(list) \(noun)",
        "FFA of the \(side) eye, \(list) \(noun)",
        "\(side) eye, fluorescein angiogram of the \(list) \(noun)",
      ], 900)
  }

  private func fillingPhrases(_ phase: AngiogramPhase) -> [String] {
    switch phase {
    case .armToRetina:
      [
        "the choroid begins to fill and the retinal vessels are still dark",
        "patchy choroidal filling is seen before dye reaches the retinal arteries",
      ]
    case .arterial:
      [
        "the arteries are filled while the veins are dark",
        "dye fills the arteries and not yet the veins",
      ]
    case .venous: ["arteries and veins are filled", "the veins are completely filled"]
    case .late: ["the dye has faded from the vessels", "the vessels have faded"]
    }
  }

  /// The findings that show in a phase, with their phrases.
  private func signs(
    in phase: AngiogramPhase
  ) -> [(finding: any FundusFinding, signs: [String])] {
    scene.findings.compactMap { finding in
      // Findings without a location in the field of view are absent.
      if finding.sites.isEmpty, !(finding is DiffuseFinding) { return nil }
      return finding.kind.angiogramSigns(phase).map { (finding, $0) }
    }
  }

  /// Absent findings: all of them in a healthy eye, occasionally one in others.
  private func absences(
    in phase: AngiogramPhase, _ seen: [FindingKind], _ use: UInt64
  ) -> [String] {
    let everyKind = Set(scene.findings.map(\.kind))
    if everyKind.isEmpty {
      return [
        choose(
          phase == .late
            ? [
              "no leakage or staining is seen", "there is no leakage, staining or pooling",
              "leakage is not seen",
            ]
            : [
              "no non-perfusion or microaneurysms are seen",
              "no blocked fluorescence or window defect is seen",
              "the capillaries are intact without non-perfusion",
            ], use)
      ]
    }
    var stream = self.stream.derived(use)
    guard seen.isEmpty || stream.uniform() < 0.35 else { return [] }
    var choices: [String] = []
    if phase != .arterial, everyKind.isDisjoint(with: [.nonPerfusion, .retinalWhitening]) {
      choices.append("no non-perfusion is seen")
    }
    if everyKind.isDisjoint(with: [.neovascularization, .choroidalNeovascularization]) {
      choices.append("there is no neovascularization")
    }
    if phase == .late,
      everyKind.isDisjoint(with: [
        .microaneurysms, .neovascularization, .choroidalNeovascularization, .macularEdema,
        .serousDetachment, .discSwelling,
      ])
    {
      choices.append("no leakage is seen")
    }
    return choices.isEmpty ? [] : [choose(choices, use + 1)]
  }
}

extension AngiogramPhase {
  /// The adjective before "phase".
  var name: String { self == .armToRetina ? "arm-to-retina" : rawValue }

  /// The Chinese name.
  var chineseName: String {
    switch self {
    case .armToRetina: "臂-视网膜循环期"
    case .arterial: "动脉期"
    case .venous: "静脉期"
    case .late: "晚期"
    }
  }
}
