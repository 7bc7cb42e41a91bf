/// The objectives by their names in commands and configurations.
public enum ObjectiveName: String, Codable, CaseIterable, Sendable {
  case flair
  case revision
  case mixed
  case mixedFusion = "mixed-fusion"
  case keepfit
  case keepfitFusion = "keepfit-fusion"

  /// Creates the objective of this name.
  /// - Parameter revisionWeight: the weight of the revision term; nil for the published one.
  public func objective(revisionWeight: Float? = nil) -> any PretrainingObjective {
    switch self {
    case .flair: FlairObjective()
    case .revision: RevisionObjective(revisionWeight: revisionWeight ?? 1)
    case .mixed: MixedObjective()
    case .mixedFusion: MixedFusionObjective()
    case .keepfit: KeepFITObjective(revisionWeight: revisionWeight ?? 100)
    case .keepfitFusion: KeepFITFusionObjective(revisionWeight: revisionWeight ?? 100)
    }
  }
}
