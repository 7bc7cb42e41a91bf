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
