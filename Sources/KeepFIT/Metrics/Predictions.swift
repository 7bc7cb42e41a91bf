/// The true labels of N test images and the probabilities that a method gave them.
public struct Predictions: Sendable, Equatable, Codable {
  /// The true class of each image, `[N]`, each below ``classCount``.
  public let labels: [Int]
  /// The number of classes K.
  public let classCount: Int
  /// `[N, K]`, row-major. Any finite score that grows with the confidence will do.
  public let probabilities: [Double]

  /// The number of images N.
  public var count: Int { labels.count }

  /// Checks and keeps labels and probabilities.
  /// - Throws: ``TransferError/invalid(_:)`` when there is no image, a label is outside of the
  ///   classes, the sizes disagree or a probability is not a number.
  public init(labels: [Int], classCount: Int, probabilities: [Double]) throws(TransferError) {
    if labels.isEmpty { throw .invalid("there is no test image to score") }
    if classCount < 2 { throw .invalid("scoring needs two classes, not \(classCount)") }
    if let stray = labels.first(where: { $0 < 0 || $0 >= classCount }) {
      throw .invalid("the label \(stray) is outside of the classes 0 to \(classCount - 1)")
    }
    if probabilities.count != labels.count * classCount {
      throw .invalid(
        "\(labels.count) images of \(classCount) classes take \(labels.count * classCount) "
          + "probabilities, not \(probabilities.count)")
    }
    if let bad = probabilities.firstIndex(where: { !$0.isFinite }) {
      throw .invalid("the probability of image \(bad / classCount) is \(probabilities[bad])")
    }
    self.labels = labels
    self.classCount = classCount
    self.probabilities = probabilities
  }

  /// From single-precision rows, as the models give them.
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

  /// What one class scored on every image, `[N]`.
  public func column(_ classIndex: Int) -> [Double] {
    stride(from: classIndex, to: probabilities.count, by: classCount).map { probabilities[$0] }
  }

  /// The class with the highest probability of each image; the first of equals.
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
