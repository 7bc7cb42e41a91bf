import Foundation

extension TransferResult {
  /// A fitted temperature, and what it does to the calibration of the test images.
  public struct TemperatureEffect: Sendable, Codable, Equatable {
    /// The temperature, by which logits are divided.
    public let temperature: Double
    /// The number of validation images on which it was fitted.
    public let validationImages: Int
    /// The expected calibration error without and with it.
    public let errorBefore: Double, errorAfter: Double
    /// The mean negative log-likelihood in nats without and with it.
    public let lossBefore: Double, lossAfter: Double

    /// Whether the temperature is at one of ``TemperatureScaling/limits``, so that there is no optimum.
    public var isAtLimit: Bool {
      let limits = TemperatureScaling.limits
      return temperature < limits.lowerBound * 1.001 || temperature > limits.upperBound / 1.001
    }

    private enum CodingKeys: String, CodingKey {
      case temperature
      case validationImages = "validation_images"
      case errorBefore = "ece_before"
      case errorAfter = "ece_after"
      case lossBefore = "nll_before"
      case lossAfter = "nll_after"
    }

    /// - `scaled`: logits of the test images, `[N, K]`, already divided by the temperature.
    init(temperature: Double, scaled: Tensor, labels: [Int], validationImages: Int) {
      self.temperature = temperature
      self.validationImages = validationImages
      func error(_ logits: Tensor) -> Double {
        let scored = Scored(logits, labels: labels, images: [])
        return (try? scored.predictions()).map { Calibration($0).expectedError } ?? 0
      }
      func loss(_ logits: Tensor) -> Double {
        let width = logits.shape[1]
        let values = logits.scalars
        return TemperatureScaling.negativeLogLikelihood(
          logits: labels.indices.map { Array(values[$0 * width..<($0 + 1) * width]) },
          labels: labels)
      }
      let plain = scaled * Float(temperature)
      (errorBefore, errorAfter) = (error(plain), error(scaled))
      (lossBefore, lossAfter) = (loss(plain), loss(scaled))
    }
  }
}
