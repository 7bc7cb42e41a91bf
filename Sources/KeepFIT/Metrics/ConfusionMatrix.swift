/// A confusion matrix: counts by true class (row) and predicted class (column).
public struct ConfusionMatrix: Sendable, Equatable, Codable {
  /// The classes of the rows and columns, ascending.
  public let classes: [Int]
  /// The number of images by true and predicted class.
  public let counts: [[Int]]

  /// Counts over the sorted union of the classes in `truth` and `predicted`, as in the published evaluation,
  /// or over `classes` if given.
  /// - Precondition: equal lengths; every value is among `classes`.
  public init(truth: [Int], predicted: [Int], classes fixed: [Int]? = nil) {
    precondition(truth.count == predicted.count, "a prediction for every label")
    let classes = fixed ?? Set(truth).union(predicted).sorted()
    let position = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    var counts = [[Int]](
      repeating: [Int](repeating: 0, count: classes.count), count: classes.count)
    for (row, column) in zip(truth, predicted) {
      guard let row = position[row], let column = position[column] else {
        preconditionFailure("\(row) or \(column) is not among the classes \(classes)")
      }
      counts[row][column] += 1
    }
    self.classes = classes
    self.counts = counts
  }

  /// Each row divided by its sum; nil for a class without images.
  public var normalized: [[Double?]] {
    counts.map { row in
      let total = row.reduce(0, +)
      return row.map { total == 0 ? nil : Double($0) / Double(total) }
    }
  }

  /// Cohen's kappa (1960), or weighted kappa with the squared distance between two classes as weight (Cohen,
  /// 1968). Nil if all true and predicted labels are the same class, so that expected agreement is 1.
  public func kappa(_ weights: KappaWeights) -> Double? {
    let size = classes.count
    let columns = (0..<size).map { column in counts.reduce(0.0) { $0 + Double($1[column]) } }
    let rows = counts.map { Double($0.reduce(0, +)) }
    let total = PublishedArithmetic.sum(columns)
    var observed: [Double] = []
    var expected: [Double] = []
    for row in 0..<size {
      for column in 0..<size {
        let distance = Double((row - column) * (row - column))
        let weight = weights == .quadratic ? distance : (row == column ? 0 : 1)
        observed.append(weight * Double(counts[row][column]))
        expected.append(weight * (columns[row] * rows[column] / total))
      }
    }
    let chance = PublishedArithmetic.sum(expected)
    return chance == 0 ? nil : 1 - PublishedArithmetic.sum(observed) / chance
  }
}

/// The weighting of disagreements in Cohen's kappa.
public enum KappaWeights: String, Sendable, Codable {
  /// The squared distance between two classes: for ordinal classes, such as grades.
  case quadratic
  /// Equal weights: for nominal classes.
  case none

  /// The name of kappa with these weights.
  public var kappaName: String {
    self == .quadratic ? "quadratically weighted kappa" : "unweighted kappa"
  }
}
