/// The calibration of predictions: a reliability diagram, which compares confidence and accuracy (Guo et
/// al., ICML 2017).
public struct Calibration: Sendable, Codable, Equatable {
  /// The images whose confidence (highest probability) falls into one interval.
  public struct Bin: Sendable, Codable, Equatable {
    /// The interval's lower bound, excluded except at 0.
    public let lower: Double
    /// The interval's upper bound, included.
    public let upper: Double
    /// The number of images.
    public let count: Int
    /// Their mean confidence; 0 without images.
    public let confidence: Double
    /// Their accuracy; 0 without images.
    public let accuracy: Double
  }

  /// Bins of equal width from 0 to 1.
  public let bins: [Bin]

  /// Sorts the images into bins by the probability of the predicted class.
  public init(_ predictions: Predictions, binCount: Int = 15) {
    precondition(binCount > 0, "calibration needs at least one bin")
    var counts = [Int](repeating: 0, count: binCount)
    var confidences = [Double](repeating: 0, count: binCount)
    var hits = [Int](repeating: 0, count: binCount)
    for (index, called) in predictions.predicted.enumerated() {
      let confidence = predictions.probabilities[index * predictions.classCount + called]
      let position = (confidence * Double(binCount)).rounded(.up) - 1
      let bin = Int(min(max(position, 0), Double(binCount - 1)))
      counts[bin] += 1
      confidences[bin] += confidence
      if called == predictions.labels[index] { hits[bin] += 1 }
    }
    bins = (0..<binCount).map { bin in
      let count = counts[bin]
      return Bin(
        lower: Double(bin) / Double(binCount), upper: Double(bin + 1) / Double(binCount),
        count: count, confidence: count == 0 ? 0 : confidences[bin] / Double(count),
        accuracy: count == 0 ? 0 : Double(hits[bin]) / Double(count))
    }
  }

  /// Expected calibration error (ECE): the absolute difference of confidence and accuracy, averaged over
  /// images.
  public var expectedError: Double {
    let total = bins.reduce(0) { $0 + $1.count }
    return bins.reduce(0) { $0 + Double($1.count) * abs($1.accuracy - $1.confidence) }
      / Double(max(1, total))
  }
}
