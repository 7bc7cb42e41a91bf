import FundusSynthesis
import KeepFIT
import Testing

/// Reports of rendered angiograms name what was rendered, and the lexicon finds it.
@Suite struct SyntheticReportFindingTests {
  private let names: [(kind: FindingKind, name: String)] = [
    (.microaneurysms, "microaneurysms"), (.dotHemorrhages, "blocked fluorescence"),
    (.flameHemorrhages, "hemorrhage"), (.preretinalHemorrhage, "blocked fluorescence"),
    (.cottonWoolSpots, "cotton wool spots"), (.neovascularization, "neovascularization"),
    (.laserScars, "laser scars"), (.nonPerfusion, "non-perfusion"), (.drusen, "drusen"),
    (.geographicAtrophy, "window defect"), (.macularHole, "window defect"),
    (.boneSpicules, "window defect"), (.retinalWhitening, "filling defect"),
    (.nevus, "nevus"), (.venousCongestion, "tortuous vessels"),
    (.venousBeading, "tortuous vessels"), (.attenuatedArteries, "arteriolar narrowing"),
    (.choroidalNeovascularization, "choroidal neovascularization"), (.myopicCrescent, "staining"),
    (.chorioretinalAtrophy, "atrophy"), (.macularEdema, "pooling"),
    (.serousDetachment, "pooling"), (.discSwelling, "optic disc leakage"),
  ]

  @Test func lexiconFindsWhatWasRendered() {
    for (kind, name) in names {
      let image = SyntheticFundus(
        modality: .angiography, findings: [.init(kind, severity: 0.9)], phase: .late, seed: 11
      ).render(size: 16)
      for variant in 0..<8 {
        let report = image.report(variant: UInt64(variant))
        let found = FindingLexicon.builtin.findings(in: report)
        #expect(found.affirmed.contains(name), "\(kind): \(report)")
        #expect(found.negated.isDisjoint(with: [name]))
      }
    }
  }

  @Test func healthyEyesStateNothing() {
    for phase in AngiogramPhase.allCases {
      let image = SyntheticFundus(modality: .angiography, phase: phase, seed: 3).render(size: 16)
      for variant in 0..<12 {
        let report = image.report(variant: UInt64(variant))
        #expect(FindingLexicon.builtin.findings(in: report).affirmed.isEmpty, "\(report)")
      }
    }
  }
}
