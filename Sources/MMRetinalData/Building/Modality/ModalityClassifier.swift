import Foundation
import FundusTensor

/// Distinguishes color fundus photographs, angiograms, OCT scans and other images by their appearance.
///
/// A small network on colors, gray levels, layout, edges and texture (`ModalityFeatures`), trained on synthetic
/// images as books print them. Images are classified independently; ``ModalitySorting`` is the published
/// method, which clusters a whole set by its colors.
///
/// Angiograms (`FFA`) are all gray images of the fundus: fluorescein and ICG angiography, autofluorescence,
/// red-free photographs, color photographs printed in gray. OCT scans may be inverted or in false colors.
public struct ModalityClassifier: ModalityClassifying {
  /// Images with a smaller margin should be reviewed.
  public static let reviewMargin: Float = 0.4

  private let network: ModalityNetwork

  /// The classifier that comes with the package.
  public init() { network = Self.trained }

  /// A classifier with another network, for training and tests.
  package init(network: ModalityNetwork) { self.network = network }

  /// The probability of each modality. They sum to one.
  public func probabilities(of image: FundusImage) -> [BookModality: Float] {
    let values = network.probabilities(ModalityFeatures(of: image))
    return Dictionary(uniqueKeysWithValues: zip(BookModality.allCases, values))
  }

  /// The most probable modality, and how far its probability is ahead of the next one: 0 for a tie, 1 for
  /// certain. About a millisecond for 512 x 512 pixels.
  public func modality(of image: FundusImage) -> (modality: BookModality, margin: Float) {
    let values = network.probabilities(ModalityFeatures(of: image))
    let order = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
    return (BookModality.allCases[order[0]], values[order[0]] - values[order[1]])
  }

  private static let trained: ModalityNetwork = {
    let bytes = Data(PackageResources.modality_json)
    guard let network = try? JSONDecoder().decode(ModalityNetwork.self, from: bytes),
      network.isSound
    else { preconditionFailure("the resource modality.json does not match ModalityNetwork") }
    return network
  }()
}
