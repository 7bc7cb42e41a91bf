/// The findings that the renderer supports.
///
/// Raw values name random streams and folders of masks, so they stay as they were first spelled.
public enum FindingKind: String, Sendable, Hashable, Codable, CaseIterable {
  case microaneurysms
  case dotHemorrhages = "dotHaemorrhages"
  case flameHemorrhages = "flameHaemorrhages"
  case preretinalHemorrhage = "preretinalHaemorrhage"
  case hardExudates
  case cottonWoolSpots
  case neovascularization = "neovascularisation"
  case venousBeading
  case venousCongestion
  case attenuatedArteries
  case arteriovenousNicking
  case laserScars
  case nonPerfusion
  case macularEdema = "macularOedema"
  case drusen
  case geographicAtrophy
  case choroidalNeovascularization = "choroidalNeovascularisation"
  case serousDetachment
  case macularHole
  case epiretinalMembrane
  case enlargedCup
  case discSwelling
  case discPallor
  case myopicCrescent
  case tessellation
  case chorioretinalAtrophy
  case boneSpicules
  case retinalWhitening
  case myelinatedFibers = "myelinatedFibres"
  case nevus = "naevus"
  case asteroidBodies
  case mediaHaze
}

extension FindingKind {
  /// The label of the finding in datasets, if there is one.
  public var label: String? {
    switch self {
    case .microaneurysms: "microaneurysms"
    case .dotHemorrhages: "deep haemorrhages"
    case .flameHemorrhages: "superficial haemorrhages"
    case .preretinalHemorrhage: "preretinal haemorrhage"
    case .hardExudates: "hard exudates"
    case .cottonWoolSpots: "cotton wool spots"
    case .neovascularization: "neovascularisation"
    case .venousBeading: "venous beading"
    case .venousCongestion: "tortuous vessels"
    case .laserScars: "laser scar"
    case .macularEdema: "macular edema"
    case .drusen: "drusens"
    case .geographicAtrophy: "geographic atrophy"
    case .choroidalNeovascularization: "choroidal neovascularization"
    case .serousDetachment: "central serous retinopathy"
    case .macularHole: "macular hole"
    case .epiretinalMembrane: "epiretinal membrane"
    case .enlargedCup: "increased cup disc"
    case .discSwelling: "optic disc edema"
    case .discPallor: "optic disc pallor"
    case .tessellation: "tessellation"
    case .chorioretinalAtrophy: "chorioretinal atrophy"
    case .myelinatedFibers: "myelinated nerve fibers"
    case .nevus: "nevus"
    case .asteroidBodies: "asteroid hyalosis"
    case .mediaHaze: "media haze"
    case .attenuatedArteries, .arteriovenousNicking, .nonPerfusion, .myopicCrescent,
      .boneSpicules, .retinalWhitening:
      nil
    }
  }
}
