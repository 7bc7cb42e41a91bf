/// What the renderer can draw besides a healthy eye.
public enum FindingKind: String, Sendable, Hashable, Codable, CaseIterable {
  case microaneurysms
  case dotHaemorrhages
  case flameHaemorrhages
  case preretinalHaemorrhage
  case hardExudates
  case cottonWoolSpots
  case neovascularisation
  case venousBeading
  case venousCongestion
  case attenuatedArteries
  case arteriovenousNicking
  case laserScars
  case nonPerfusion
  case macularOedema
  case drusen
  case geographicAtrophy
  case choroidalNeovascularisation
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
  case myelinatedFibres
  case naevus
  case asteroidBodies
  case mediaHaze
}

extension FindingKind {
  /// The label that data sets give to the finding, if they have one.
  public var label: String? {
    switch self {
    case .microaneurysms: "microaneurysms"
    case .dotHaemorrhages: "deep haemorrhages"
    case .flameHaemorrhages: "superficial haemorrhages"
    case .preretinalHaemorrhage: "preretinal haemorrhage"
    case .hardExudates: "hard exudates"
    case .cottonWoolSpots: "cotton wool spots"
    case .neovascularisation: "neovascularisation"
    case .venousBeading: "venous beading"
    case .venousCongestion: "tortuous vessels"
    case .laserScars: "laser scar"
    case .macularOedema: "macular edema"
    case .drusen: "drusens"
    case .geographicAtrophy: "geographic atrophy"
    case .choroidalNeovascularisation: "choroidal neovascularization"
    case .serousDetachment: "central serous retinopathy"
    case .macularHole: "macular hole"
    case .epiretinalMembrane: "epiretinal membrane"
    case .enlargedCup: "increased cup disc"
    case .discSwelling: "optic disc edema"
    case .discPallor: "optic disc pallor"
    case .tessellation: "tessellation"
    case .chorioretinalAtrophy: "chorioretinal atrophy"
    case .myelinatedFibres: "myelinated nerve fibers"
    case .naevus: "nevus"
    case .asteroidBodies: "asteroid hyalosis"
    case .mediaHaze: "media haze"
    case .attenuatedArteries, .arteriovenousNicking, .nonPerfusion, .myopicCrescent,
      .boneSpicules, .retinalWhitening:
      nil
    }
  }
}
