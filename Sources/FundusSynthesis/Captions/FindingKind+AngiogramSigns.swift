extension FindingKind {
  /// Descriptions of a finding in a phase of the angiogram, as used in reports; nil if it is not visible. The
  /// placeholders are those of `FindingPhrases`.
  func angiogramSigns(_ phase: AngiogramPhase) -> [String]? {
    switch phase {
    case .armToRetina: nil
    case .arterial: arterialSigns
    case .venous: venousSigns ?? constantSigns
    case .late: lateSigns ?? constantSigns
    }
  }

  /// Whether a phase before the veins have filled does not show the finding.
  func isHidden(in phase: AngiogramPhase) -> Bool {
    (phase == .armToRetina || phase == .arterial) && angiogramSigns(phase) == nil
  }

  /// Signs that do not change once veins are full.
  private var constantSigns: [String]? {
    switch self {
    case .dotHemorrhages, .flameHemorrhages:
      [
        "{N} hemorrhage{s} block{s1} the fluorescence {W}",
        "blocked fluorescence from {N} hemorrhage{s} is seen {W}",
        "{N} spot{s} of blocked fluorescence from hemorrhage {is} present {W}",
      ]
    case .preretinalHemorrhage:
      [
        "a large area of blocked fluorescence with a level upper border lies {W}",
        "preretinal hemorrhage with blocked fluorescence is seen {W}",
      ]
    case .cottonWoolSpots:
      [
        "{N} hypofluorescent cotton wool spot{s} {is} seen {W}",
        "{N} cotton wool spot{s} {lie} {W}",
      ]
    case .nonPerfusion:
      [
        "{N} area{s} of capillary non-perfusion {is} seen {W}",
        "capillary non-perfusion is present {W}",
        "{N} dark area{s} of non-perfusion up to {R} disc diameters {lie} {W}",
      ]
    case .geographicAtrophy:
      [
        "a sharply bordered window defect of {R} disc diameters is seen {W}",
        "window defect from atrophy is present {W}",
      ]
    case .macularHole:
      [
        "a round window defect lies at the fovea",
        "a small central window defect marks a macular hole",
      ]
    case .enlargedCup:
      ["a large dark cup fills the disc", "the cup is enlarged and hypofluorescent"]
    case .discPallor: ["the disc is hypofluorescent", "low fluorescence of a pale disc is noted"]
    case .boneSpicules:
      [
        "mottled window defects with blocked fluorescence from pigmentation lie {W}",
        "bone spicule pigmentation with window defects is seen {W}",
      ]
    case .retinalWhitening:
      ["delayed filling is seen {W}", "the retina fills poorly with delayed filling {W}"]
    case .myelinatedFibers: ["a feathered patch of blocked fluorescence lies {W}"]
    case .nevus:
      [
        "a flat nevus with blocked fluorescence is seen {W}",
        "blocked fluorescence from a nevus lies {W}",
      ]
    case .venousCongestion:
      ["the veins are {D} dilated and tortuous", "{D} tortuous veins are seen"]
    case .venousBeading: ["venous beading is present", "beading of the veins is seen"]
    case .attenuatedArteries: ["{D} attenuated arteries are seen", "attenuated arteries are noted"]
    default: nil
    }
  }

  private var arterialSigns: [String]? {
    switch self {
    case .microaneurysms: ["{N} microaneurysm{s} begin{s1} to fill {W}"]
    case .neovascularization:
      ["{N} tuft{s} of new vessels {is} filling {W}", "new vessels fill early {W}"]
    case .choroidalNeovascularization:
      ["a lacy choroidal neovascularization fills {W}"]
    case .laserScars: ["{N} laser scar{s} with dark center {lie} {W}"]
    case .boneSpicules: ["blocked fluorescence from pigmentation lies {W}"]
    case .macularHole: constantSigns
    case .dotHemorrhages, .flameHemorrhages, .preretinalHemorrhage, .nonPerfusion,
      .geographicAtrophy, .nevus, .myelinatedFibers, .retinalWhitening, .attenuatedArteries:
      constantSigns
    default: nil
    }
  }

  private var venousSigns: [String]? {
    switch self {
    case .microaneurysms:
      [
        "{N} punctate microaneurysm{s} {is} seen {W}",
        "{N} hyperfluorescent dot{s} mark{s1} microaneurysms {W}",
        "there {is} {N} microaneurysm{s} {W}",
      ]
    case .neovascularization:
      [
        "new vessels with early leakage are seen {W}",
        "{N} hyperfluorescent tuft{s} of neovascularization {is} present {W}",
      ]
    case .choroidalNeovascularization:
      [
        "a lacy choroidal neovascularization is seen {W}",
        "a net of choroidal neovascularization with hyperfluorescence lies {W}",
      ]
    case .laserScars:
      [
        "{N} laser scar{s} with window defects at the rim {lie} {W}",
        "{N} laser scar{s} {is} seen {W}",
      ]
    case .drusen: ["{N} hyperfluorescent drusen are seen {W}", "{N} drusen shine through {W}"]
    case .macularEdema:
      [
        "mild leakage from perifoveal capillaries is seen",
        "the perifoveal capillaries begin to leak",
      ]
    case .serousDetachment:
      [
        "a pinpoint leakage is seen beneath the macula",
        "one point of early leakage lies at the macula",
      ]
    case .discSwelling:
      [
        "the swollen disc is hyperfluorescent with a blurred margin",
        "disc swelling with hyperfluorescence is seen",
      ]
    case .myopicCrescent:
      ["a window defect borders the disc", "the crescent beside the disc is a window defect"]
    case .chorioretinalAtrophy:
      [
        "{N} atrophic patch{es} {is} seen {W}",
        "{N} patch{es} of atrophy with window defects {lie} {W}",
      ]
    default: nil
    }
  }

  private var lateSigns: [String]? {
    switch self {
    case .microaneurysms:
      [
        "{N} microaneurysm{s} with mild leakage {is} seen {W}",
        "slight leakage from {N} microaneurysm{s} is seen {W}",
      ]
    case .neovascularization:
      [
        "new vessels leak intensely {W}", "massive leakage from neovascularization is seen {W}",
        "neovascularization with marked leakage lies {W}",
      ]
    case .choroidalNeovascularization:
      [
        "choroidal neovascularization leaks intensely {W}",
        "marked leakage from choroidal neovascularization is seen {W}",
      ]
    case .laserScars:
      [
        "{N} laser scar{s} with staining of the rim {lie} {W}",
        "staining of {N} laser scar{s} is seen {W}",
      ]
    case .drusen: ["late staining of {N} drusen is seen {W}", "{N} drusen stain {W}"]
    case .macularEdema:
      [
        "dye pools in a petal pattern around the fovea",
        "petaloid pooling of macular edema is seen",
        "cystoid pooling lies at the macula",
      ]
    case .serousDetachment:
      [
        "dye pools in a round serous detachment of {R} disc diameters",
        "pooling beneath a serous detachment is seen at the macula",
      ]
    case .discSwelling:
      [
        "leakage of the optic disc blurs its margin",
        "late leakage from the optic disc with disc swelling is seen",
      ]
    case .myopicCrescent:
      ["staining of the crescent beside the disc is seen", "the crescent beside the disc stains"]
    case .chorioretinalAtrophy:
      [
        "{N} atrophic patch{es} with staining edges {is} seen {W}",
        "staining borders {N} patch{es} of atrophy {W}",
      ]
    default: nil
    }
  }
}
