import Foundation

/// The calibration of an adapter's probabilities, from validation images that the classifier was not fitted
/// on.
public struct AdapterCalibration: Sendable, Codable, Equatable {
  /// The number by which logits are divided; nil if none was fitted.
  public var temperature: Double?
  /// The number of validation images.
  public var images: Int
  /// The probability of the true class of each validation image, at the temperature: for prediction sets. Empty
  /// for adapters of several labels per image.
  public var trueProbabilities: [Float]

  private enum CodingKeys: String, CodingKey {
    case temperature
    case images = "validation_images"
    case trueProbabilities = "true_probabilities"
  }

  /// Values given directly.
  public init(temperature: Double?, images: Int, trueProbabilities: [Float]) {
    self.temperature = temperature
    self.images = images
    self.trueProbabilities = trueProbabilities
  }

  /// Measures logits of validation images.
  /// - Parameters:
  ///   - logits: `[N, K]`, without temperature; at least one row.
  ///   - labels: `[N]`, the true class of each.
  ///   - fitsTemperature: whether to fit a temperature.
  public init(logits: [[Float]], labels: [Int], fitsTemperature: Bool) {
    temperature = fitsTemperature ? TemperatureScaling.fit(logits: logits, labels: labels) : nil
    images = labels.count
    let scale = Float(temperature ?? 1)
    trueProbabilities = zip(logits, labels).map { row, label in
      let top = row.max() ?? 0
      let powers = row.map { exp(($0 - top) / scale) }
      return powers[label] / powers.reduce(0, +)
    }
  }
}
