extension MultiLabelResult {
  /// The results of a fold on an external test set, with the fold's thresholds and temperature.
  public struct External: Sendable, Codable {
    /// The scores by name, as those of ``Fold``.
    public var metrics: [String: MetricValue]
    /// The paths of the images.
    public var testImages: [String]
    /// Their true labels, `[N, K]`, 1 where a label applies.
    public var labels: [[Int]]
    /// The predicted probabilities, `[N, K]`.
    public var probabilities: [[Float]]

    private enum CodingKeys: String, CodingKey {
      case metrics, labels, probabilities
      case testImages = "test_images"
    }
  }

  /// The scores over all folds on an external test set.
  public struct ExternalSummary: Sendable, Codable {
    /// The mean of each score over folds.
    public var mean: [String: MetricValue]
    /// The population standard deviation of each score over folds.
    public var std: [String: MetricValue]
    /// The scores of each label over all folds.
    public var labels: [LabelScores]
  }
}
