/// The true labels of N test images and their predicted probabilities.
public struct Predictions: Sendable, Equatable, Codable {
  /// The true class of each image, `[N]`, each below ``classCount``.
  public let labels: [Int]
  /// The number of classes K.
  public let classCount: Int
  /// `[N, K]`, row-major: probabilities, or any finite scores that increase with confidence.
  public let probabilities: [Double]

  /// The number of images N.
  public var count: Int { labels.count }

  /// Checks and stores labels and probabilities.
  /// - Throws: ``TransferError/invalid(_:)`` when there is no image, a label is out of range, the sizes do
  ///   not match or a probability is not finite.
  public init(labels: [Int], classCount: Int, probabilities: [Double]) throws(TransferError) {
    if labels.isEmpty { throw .invalid("there are no test images to score") }
    if classCount < 2 { throw .invalid("scoring needs at least two classes, not \(classCount)") }
    if let stray = labels.first(where: { $0 < 0 || $0 >= classCount }) {
      throw .invalid("the label \(stray) is not among the classes 0 to \(classCount - 1)")
    }
    if probabilities.count != labels.count * classCount {
      throw .invalid(
        "\(labels.count) images and \(classCount) classes need \(labels.count * classCount) "
          + "probabilities, not \(probabilities.count)")
    }
    if let bad = probabilities.firstIndex(where: { !$0.isFinite }) {
      throw .invalid("the probability of image \(bad / classCount) is \(probabilities[bad])")
    }
    self.labels = labels
    self.classCount = classCount
    self.probabilities = probabilities
  }

  /// Predictions from single-precision rows, as models return them.
  public init(labels: [Int], rows: [[Float]]) throws(TransferError) {
    let classCount = rows.first?.count ?? 0
    if let odd = rows.firstIndex(where: { $0.count != classCount }) {
      throw .invalid("row \(odd) has \(rows[odd].count) probabilities instead of \(classCount)")
    }
    try self.init(
      labels: labels, classCount: classCount, probabilities: rows.flatMap { $0.map(Double.init) })
  }

  /// The probabilities of one image, `[K]`.
  public func row(_ index: Int) -> ArraySlice<Double> {
    probabilities[index * classCount..<(index + 1) * classCount]
  }

  /// The scores of one class for all images, `[N]`.
  public func column(_ classIndex: Int) -> [Double] {
    stride(from: classIndex, to: probabilities.count, by: classCount).map { probabilities[$0] }
  }

  /// The predicted class of each image: the one with the highest probability, the first in a tie.
  public var predicted: [Int] {
    labels.indices.map { image in
      let base = image * classCount
      var best = 0
      for candidate in 1..<classCount
      where probabilities[base + candidate] > probabilities[base + best] {
        best = candidate
      }
      return best
    }
  }

  /// The images at the given positions, in that order, repeats allowed.
  package func selecting(_ positions: [Int]) -> Predictions {
    Predictions(
      uncheckedLabels: positions.map { labels[$0] }, classCount: classCount,
      probabilities: positions.flatMap { row($0) })
  }

  private init(uncheckedLabels: [Int], classCount: Int, probabilities: [Double]) {
    labels = uncheckedLabels
    self.classCount = classCount
    self.probabilities = probabilities
  }
}
