/// The phrases that describe a finding. `{N}` stands for how many, `{W}` for where, `{D}` for how much,
/// `{C}` for the cup-to-disc ratio, `{R}` for a size in disc diameters; `{s}`, `{es}`, `{is}` and
/// `{lie}` agree with the number.
struct FindingPhrases: Sendable {
  let english: [String]
  let chinese: [String]

  init(_ english: [String], _ chinese: [String]) {
    self.english = english
    self.chinese = chinese
  }
}

extension FindingKind {
  /// The phrases for a kind of image; nil when it does not show the finding.
  func phrases(in modality: ImagingModality) -> FindingPhrases? {
    switch modality {
    case .colorFundus: colorPhrases
    case .angiography: angiogramPhrases
    case .coherenceTomography: tomogramPhrases
    }
  }

  private var angiogramPhrases: FindingPhrases? {
    switch self {
    case .microaneurysms:
      .init(
        ["{N} hyperfluorescent dots mark microaneurysms {W}"], ["{W}可见{N}点状高荧光，为微血管瘤"])
    case .dotHemorrhages, .flameHemorrhages:
      .init(["{N} patch{es} of blood block{s1} the fluorescence {W}"], ["{W}见{N}出血遮蔽荧光"])
    case .preretinalHemorrhage:
      .init(
        ["a large area of blocked fluorescence with a level upper border lies {W}"],
        ["{W}见大片遮蔽荧光，上缘呈水平面"])
    case .cottonWoolSpots:
      .init(["{N} hypofluorescent spot{s} {is} seen {W}"], ["{W}见{N}低荧光斑"])
    case .neovascularization:
      .init(
        [
          "new vessels leak dye heavily {W}",
          "{N} intensely hyperfluorescent tuft{s} of new vessels {is} seen {W}",
        ], ["{W}新生血管呈明显荧光素渗漏", "{W}可见{N}团状强荧光新生血管"])
    case .laserScars:
      .init(["{N} dark laser spots with bright rims lie {W}"], ["{W}可见{N}激光斑，中央低荧光、边缘高荧光"])
    case .nonPerfusion:
      .init(
        [
          "{N} dark area{s} without capillaries {is} seen {W}",
          "capillary non-perfusion is present {W}",
        ], ["{W}可见{N}毛细血管无灌注区", "{W}见片状无灌注区"])
    case .drusen: .init(["{N} drusen stain {W}"], ["{W}见{N}玻璃膜疣着染"])
    case .geographicAtrophy:
      .init(["a sharply bordered window defect is seen {W}"], ["{W}可见边界清晰的透见荧光"])
    case .macularHole:
      .init(["a round window defect lies at the fovea"], ["黄斑中心凹见圆形透见荧光"])
    case .discSwelling:
      .init(
        ["the swollen disc leaks dye", "the disc stains and its margin is blurred"],
        ["视盘荧光渗漏，边界不清", "视盘高荧光着染"])
    case .enlargedCup:
      .init(["a large dark cup fills the disc"], ["视杯扩大，呈低荧光"])
    case .discPallor: .init(["the disc fluoresces little"], ["视盘荧光减弱"])
    case .myopicCrescent: .init(["the crescent beside the disc stains"], ["视盘旁弧形斑着染"])
    case .chorioretinalAtrophy:
      .init(["{N} atrophic patch{es} with staining edges {is} seen {W}"], ["{W}见{N}萎缩灶，边缘着染"])
    case .boneSpicules:
      .init(["mottled window defects with blocking pigment lie {W}"], ["{W}见斑驳透见荧光伴色素遮蔽"])
    case .retinalWhitening:
      .init(["the retina is poorly perfused {W}"], ["{W}充盈迟缓，荧光减弱"])
    case .myelinatedFibers:
      .init(["a feathered patch blocks the fluorescence {W}"], ["{W}见羽毛状遮蔽荧光"])
    case .nevus: .init(["a flat dark patch of the choroid is seen {W}"], ["{W}见扁平低荧光斑"])
    case .venousCongestion:
      .init(["the veins are {D} dilated and winding"], ["静脉{D}迂曲扩张"])
    case .venousBeading: .init(["the veins are beaded"], ["静脉呈串珠样"])
    case .attenuatedArteries: .init(["the arteries are {D} thin"], ["动脉{D}变细"])
    default: nil
    }
  }

  /// Findings that look different early and late.
  func phasePhrases(_ phase: AngiogramPhase) -> FindingPhrases? {
    switch (self, phase) {
    case (.macularEdema, .armToRetina), (.macularEdema, .arterial), (.macularEdema, .venous):
      .init(["the perifoveal capillaries leak a little"], ["黄斑区毛细血管轻微渗漏"])
    case (.macularEdema, .late):
      .init(
        ["dye pools around the fovea in a petal pattern", "cystoid leakage is seen at the macula"],
        ["黄斑区呈花瓣状荧光积存", "黄斑囊样渗漏"])
    case (.choroidalNeovascularization, .armToRetina), (.choroidalNeovascularization, .arterial),
      (.choroidalNeovascularization, .venous):
      .init(["a lacy choroidal membrane fills {W}"], ["{W}可见花边状脉络膜新生血管"])
    case (.choroidalNeovascularization, .late):
      .init(
        ["choroidal new vessels leak intensely {W}"], ["{W}脉络膜新生血管明显渗漏，周围出血遮蔽"])
    case (.serousDetachment, .armToRetina), (.serousDetachment, .arterial),
      (.serousDetachment, .venous):
      .init(["a single hyperfluorescent point is seen beneath the macula"], ["黄斑区可见点状渗漏"])
    case (.serousDetachment, .late):
      .init(
        [
          "a single point leaks like an ink blot beneath the macula",
          "dye pools in a round serous detachment",
        ], ["黄斑区可见墨渍样渗漏点", "黄斑区浆液性脱离区荧光积存"])
    default: nil
    }
  }

  private var tomogramPhrases: FindingPhrases? {
    switch self {
    case .hardExudates:
      .init(
        ["hyperreflective points with shadows lie in the outer layers"],
        ["外层可见强反射点，后方遮蔽"])
    case .drusen:
      .init(
        ["mounds lie beneath the pigment epithelium", "drusen lift the pigment epithelium"],
        ["色素上皮下可见丘状隆起", "玻璃膜疣使色素上皮隆起"])
    case .geographicAtrophy:
      .init(
        ["the outer retina and pigment epithelium are lost and the choroid shines through"],
        ["外层视网膜及色素上皮萎缩，脉络膜反射增强"])
    case .choroidalNeovascularization:
      .init(
        ["a hyperreflective mass lies between retina and pigment epithelium with fluid beside it"],
        ["视网膜下可见强反射团块，伴少量积液"])
    case .serousDetachment:
      .init(
        ["clear fluid lifts the retina off the pigment epithelium in a dome"],
        ["神经上皮层隆起，其下为无反射液性暗区"])
    case .macularHole:
      .init(
        ["all layers are interrupted at the fovea, with cysts in the raised edges"],
        ["黄斑中心凹全层缺损，边缘隆起伴囊腔"])
    case .macularEdema:
      .init(
        ["the retina is {D} thickened by dark cysts", "cystic spaces swell the macula"],
        ["黄斑增厚，可见多个囊样暗区", "黄斑中心凹囊样水肿"])
    case .epiretinalMembrane:
      .init(
        [
          "a bright membrane lies on the wrinkled inner surface",
          "the foveal pit is flattened by an epiretinal membrane",
        ], ["视网膜内表面可见强反射膜，表面皱褶", "黄斑前膜使中心凹变平"])
    case .enlargedCup:
      .init(["the nerve fibre layer is {D} thinned"], ["视网膜神经纤维层{D}变薄"])
    case .myopicCrescent:
      .init(["the retina is strongly curved over a thin choroid"], ["视网膜弧度增大，脉络膜变薄"])
    case .boneSpicules:
      .init(["photoreceptors are left beneath the fovea only"], ["椭圆体带仅存于中心凹下"])
    default: nil
    }
  }
}
