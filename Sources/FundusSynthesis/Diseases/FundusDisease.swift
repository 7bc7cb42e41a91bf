/// The disease of an eye; the raw value is the label that datasets use.
public enum FundusDisease: String, Sendable, Hashable, Codable, CaseIterable {
  case normal
  case mildDiabeticRetinopathy = "mild diabetic retinopathy"
  case moderateDiabeticRetinopathy = "moderate diabetic retinopathy"
  case severeDiabeticRetinopathy = "severe diabetic retinopathy"
  case proliferativeDiabeticRetinopathy = "proliferative diabetic retinopathy"
  case diabeticMacularEdema = "diabetic macular edema"
  case ageRelatedMacularDegeneration = "age related macular degeneration"
  case drusens
  case choroidalNeovascularization = "choroidal neovascularization"
  case geographicAtrophy = "geographic atrophy"
  case glaucoma
  case opticDiscEdema = "optic disc edema"
  case opticAtrophy = "optic atrophy"
  case pathologicMyopia = "pathologic myopia"
  case tessellation
  case cataract
  case macularHole = "macular hole"
  case epiretinalMembrane = "epiretinal membrane"
  case centralSerousRetinopathy = "central serous retinopathy"
  case cystoidMacularEdema = "cystoid macular edema"
  case retinitisPigmentosa = "retinitis pigmentosa"
  case hypertensiveRetinopathy = "hypertensive retinopathy"
  case branchRetinalVeinOcclusion = "branch retinal vein occlusion"
  case centralRetinalVeinOcclusion = "central retinal vein occlusion"
  case centralRetinalArteryOcclusion = "central retinal artery occlusion"
  case branchRetinalArteryOcclusion = "branch retinal artery occlusion"
  case laserScar = "laser scar"
  case myelinatedNerveFibers = "myelinated nerve fibers"
  case choroidalNevus = "choroidal nevus"
  case asteroidHyalosis = "asteroid hyalosis"

  /// The label in the data sets.
  public var label: String { rawValue }

  /// The kinds of images that show it.
  public var modalities: Set<ImagingModality> {
    switch self {
    case .normal, .ageRelatedMacularDegeneration, .drusens, .choroidalNeovascularization,
      .geographicAtrophy, .centralSerousRetinopathy, .cystoidMacularEdema, .macularHole,
      .retinitisPigmentosa, .diabeticMacularEdema, .pathologicMyopia:
      [.colorFundus, .angiography, .coherenceTomography]
    case .epiretinalMembrane, .glaucoma: [.colorFundus, .coherenceTomography]
    case .tessellation, .cataract, .opticAtrophy, .asteroidHyalosis, .hypertensiveRetinopathy:
      [.colorFundus]
    default: [.colorFundus, .angiography]
    }
  }
}
