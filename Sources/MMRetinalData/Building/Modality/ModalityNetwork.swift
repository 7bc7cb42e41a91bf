import Foundation
import FundusTensor

/// A perceptron with one hidden layer on standardized ``ModalityFeatures``: small enough to live in a resource
/// and to be trained in a minute.
package struct ModalityNetwork: Sendable, Codable {
  /// The mean of each feature over the training images.
  let means: [Float]
  /// One over the standard deviation of each feature.
  let scales: [Float]
  /// [hidden][features]
  var hidden: [[Float]]
  var hiddenBias: [Float]
  /// [modalities][hidden], in the order of ``BookModality/allCases``.
  var output: [[Float]]
  var outputBias: [Float]

  /// Whether all parts have the sizes that the others ask for.
  var isSound: Bool {
    let count = ModalityFeatures.count
    return means.count == count && scales.count == count && hidden.count == hiddenBias.count
      && hidden.allSatisfy { $0.count == count } && output.count == BookModality.allCases.count
      && output.allSatisfy { $0.count == hidden.count } && outputBias.count == output.count
  }

  /// The probability of each modality, in the order of ``BookModality/allCases``.
  package func probabilities(_ features: ModalityFeatures) -> [Float] {
    let inputs = standardized(features)
    return Self.softmax(outputs(activations(inputs)))
  }

  private func standardized(_ features: ModalityFeatures) -> [Float] {
    // Features far outside of what was seen count as being at its edge.
    features.values.indices.map {
      min(max((features.values[$0] - means[$0]) * scales[$0], -4), 4)
    }
  }

  private func activations(_ inputs: [Float]) -> [Float] {
    hidden.indices.map { tanh(Self.dot(hidden[$0], inputs) + hiddenBias[$0]) }
  }

  private func outputs(_ activations: [Float]) -> [Float] {
    output.indices.map { Self.dot(output[$0], activations) + outputBias[$0] }
  }

  private static func dot(_ a: [Float], _ b: [Float]) -> Float {
    var sum: Float = 0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  private static func softmax(_ values: [Float]) -> [Float] {
    let largest = values.max() ?? 0
    let powers = values.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  // MARK: - Training

  /// Trains on images of known modality with Adam (Kingma and Ba, 2015), cross-entropy with a label smoothing
  /// of 0.02, weight decay and noise on the features.
  ///
  /// - Parameters:
  ///   - samples: the features and the modality of each image.
  ///   - hiddenUnits: how many hidden units there are.
  ///   - epochs: how often all samples are used.
  ///   - seed: of the first weights, the order and the noise.
  package init(
    training samples: [(features: ModalityFeatures, modality: BookModality)], hiddenUnits: Int = 32,
    epochs: Int = 60, seed: UInt64
  ) {
    let count = ModalityFeatures.count, n = Float(samples.count)
    precondition(samples.count > 1, "training needs samples")
    var means = [Float](repeating: 0, count: count)
    for sample in samples { for i in 0..<count { means[i] += sample.features.values[i] / n } }
    var variances = [Float](repeating: 0, count: count)
    for sample in samples {
      for i in 0..<count {
        let difference = sample.features.values[i] - means[i]
        variances[i] += difference * difference / n
      }
    }
    self.means = means
    scales = variances.map { 1 / max(0.02, $0.squareRoot()) }
    var random = RandomStream(seed: seed).derived("modality network")
    func drawn(_ rows: Int, _ columns: Int) -> [[Float]] {
      let scale = 1 / Float(columns).squareRoot()
      return (0..<rows).map { _ in (0..<columns).map { _ in random.normal() * scale } }
    }
    let classes = BookModality.allCases.count
    hidden = drawn(hiddenUnits, count)
    hiddenBias = [Float](repeating: 0, count: hiddenUnits)
    output = drawn(classes, hiddenUnits)
    outputBias = [Float](repeating: 0, count: classes)
    let inputs = samples.map { standardized($0.features) }
    let labels = samples.map { BookModality.allCases.firstIndex(of: $0.modality)! }
    var optimizer = Adam(count: hiddenUnits * (count + 1) + classes * (hiddenUnits + 1))
    let batch = 64
    for epoch in 0..<epochs {
      let order = Array(samples.indices).shuffled(using: &random)
      // A cosine schedule from 0.004 to 0.
      let rate = 0.002 * (1 + cos(Float.pi * Float(epoch) / Float(epochs)))
      for start in stride(from: 0, to: order.count, by: batch) {
        let chosen = order[start..<min(order.count, start + batch)]
        var gradient = [Float](repeating: 0, count: optimizer.count)
        for index in chosen {
          var noisy = inputs[index]
          for i in noisy.indices { noisy[i] += 0.15 * random.normal() }
          addGradient(of: noisy, labels[index], weight: 1 / Float(chosen.count), to: &gradient)
        }
        var parameters = flattened
        optimizer.step(&parameters, gradient, rate: rate, decay: 2e-4)
        unflatten(parameters)
      }
    }
    rounded()
  }

  private func addGradient(
    of inputs: [Float], _ label: Int, weight: Float, to gradient: inout [Float]
  ) {
    let inner = activations(inputs)
    let probabilities = Self.softmax(outputs(inner))
    let smoothing: Float = 0.02
    let errors = probabilities.indices.map { index -> Float in
      let target = (index == label ? 1 - smoothing : 0) + smoothing / Float(probabilities.count)
      return weight * (probabilities[index] - target)
    }
    var place = 0
    for unit in inner.indices {
      var back: Float = 0
      for index in errors.indices { back += errors[index] * output[index][unit] }
      back *= 1 - inner[unit] * inner[unit]
      for i in inputs.indices { gradient[place + i] += back * inputs[i] }
      gradient[place + inputs.count] += back
      place += inputs.count + 1
    }
    for index in errors.indices {
      for unit in inner.indices { gradient[place + unit] += errors[index] * inner[unit] }
      gradient[place + inner.count] += errors[index]
      place += inner.count + 1
    }
  }

  private var flattened: [Float] {
    var all: [Float] = []
    for (row, bias) in zip(hidden, hiddenBias) { all += row + [bias] }
    for (row, bias) in zip(output, outputBias) { all += row + [bias] }
    return all
  }

  private mutating func unflatten(_ all: [Float]) {
    var place = 0
    func take(_ count: Int) -> [Float] {
      defer { place += count }
      return Array(all[place..<place + count])
    }
    for unit in hidden.indices {
      hidden[unit] = take(hidden[unit].count)
      hiddenBias[unit] = take(1)[0]
    }
    for index in output.indices {
      output[index] = take(output[index].count)
      outputBias[index] = take(1)[0]
    }
  }

  /// Rounds each weight to four decimals, so that the file contains the weights in use.
  private mutating func rounded() {
    unflatten(flattened.map { ($0 * 10_000).rounded() / 10_000 })
  }

  private struct Adam {
    var first: [Float]
    var second: [Float]
    var steps: Float = 0
    var count: Int { first.count }

    init(count: Int) {
      first = [Float](repeating: 0, count: count)
      second = first
    }

    mutating func step(
      _ parameters: inout [Float], _ gradient: [Float], rate: Float, decay: Float
    ) {
      steps += 1
      let (a, b) = (1 - pow(0.9, steps), 1 - pow(0.999, steps))
      for i in gradient.indices {
        first[i] = 0.9 * first[i] + 0.1 * gradient[i]
        second[i] = 0.999 * second[i] + 0.001 * gradient[i] * gradient[i]
        parameters[i] -= rate * (first[i] / a / ((second[i] / b).squareRoot() + 1e-8))
        parameters[i] -= rate * decay * parameters[i] * 10
      }
    }
  }
}
