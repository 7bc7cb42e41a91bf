/// The scores of one sample or of all, by metric.
public struct CaptionScores: Sendable, Equatable {
  private let values: [CaptionMetric: Double]

  init(_ values: [CaptionMetric: Double]) { self.values = values }

  /// A score; nil where it is undefined. All lie in 0…1 but CIDEr-D, which reaches 10.
  public subscript(_ metric: CaptionMetric) -> Double? { values[metric] }

  /// The reason why CIDEr-D of one sample is undefined.
  package static let undefinedCIDEr =
    "document frequencies of one sample are 1 for every n-gram, so that all weights are 0"
}
