/// Sorts images into color photographs, angiograms and OCT scans by their colors alone.
///
/// Color histograms are clustered into three with k-means, as the dataset's authors did; instead of a
/// person, a rule names the clusters: the most saturated one contains color photographs, and the darker one
/// of the other two contains OCT scans. Images that are nearly as close to another cluster are left to a
/// reviewer.
public struct ModalitySorting: Sendable {
  /// The verdict on an image.
  public struct Verdict: Sendable, Hashable {
    /// The modality of the nearest cluster.
    public let modality: ImagingModality
    /// How much closer the nearest cluster is than the next: 0 for a tie, 1 at the center.
    public let margin: Float
    /// Whether the margin is too small to trust.
    public let needsReview: Bool
  }

  /// One verdict per image.
  public let verdicts: [Verdict]

  /// Sorts images.
  /// - Parameters:
  ///   - histograms: at least three, with images of each modality among them.
  ///   - reviewMargin: images with a smaller margin need review.
  ///   - seed: of the clustering.
  public init(_ histograms: [ColorHistogram], reviewMargin: Float = 0.15, seed: UInt64 = 0) {
    precondition(histograms.count >= 3, "sorting needs at least three images")
    let clusters = KMeans(histograms.map(\.bins), clusters: 3, seed: seed)
    func mean(_ cluster: Int, _ value: (ColorHistogram) -> Float) -> Float {
      let members = histograms.indices.filter { clusters.labels[$0] == cluster }
      return members.isEmpty
        ? 0 : members.reduce(0) { $0 + value(histograms[$1]) } / Float(members.count)
    }
    let bySaturation = (0..<3).sorted { mean($0, \.meanSaturation) > mean($1, \.meanSaturation) }
    let gray = bySaturation[1...].sorted { mean($0, \.darkShare) > mean($1, \.darkShare) }
    var modalities = [ImagingModality](repeating: .colorFundus, count: 3)
    modalities[gray[0]] = .coherenceTomography
    modalities[gray[1]] = .angiography
    verdicts = zip(histograms, clusters.labels).map { histogram, label in
      let distances = clusters.centers.map {
        KMeans.squaredDistance(histogram.bins, $0).squareRoot()
      }
      let others = distances.indices.filter { $0 != label }.map { distances[$0] }.min()!
      let margin = others > 0 ? 1 - distances[label] / others : 0
      return Verdict(
        modality: modalities[label], margin: margin, needsReview: margin < reviewMargin)
    }
  }

  /// Sorts images by the nearest of three references, as the authors' second stage does.
  public init(
    _ histograms: [ColorHistogram], references: [ImagingModality: ColorHistogram],
    reviewMargin: Float = 0.05
  ) {
    precondition(references.count >= 2, "sorting needs at least two references")
    verdicts = histograms.map { histogram in
      let ranked = references.map { ($0.value.distance(to: histogram), $0.key) }
        .sorted { ($0.0, $0.1.rawValue) < ($1.0, $1.1.rawValue) }
      let margin = ranked[1].0 > 0 ? 1 - ranked[0].0 / ranked[1].0 : 0
      return Verdict(
        modality: ranked[0].1, margin: margin, needsReview: margin < reviewMargin)
    }
  }
}
