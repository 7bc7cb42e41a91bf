/// How often each true class (row) was called each class (column).
public struct ConfusionMatrix: Sendable, Equatable, Codable {
  /// The classes of the rows and columns, ascending.
  public let classes: [Int]
  /// Pictures by true and predicted class.
  public let counts: [[Int]]

  /// Counts over the sorted union of the classes that occur in `truth` or `predicted`, as the
  /// published evaluation does, or over `classes` when given.
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

  /// Each row divided by its sum; NaN for a class that never occurs as truth.
  public var normalized: [[Double]] {
    counts.map { row in
      let total = Double(row.reduce(0, +))
      return row.map { Double($0) / total }
    }
  }

  /// Cohen's kappa, optionally with weights that grow with the square of the distance between the
  /// positions of two classes (Cohen, 1968). NaN when chance explains everything.
  public func kappa(quadratic: Bool) -> Double {
    let size = classes.count
    let columns = (0..<size).map { column in counts.reduce(0.0) { $0 + Double($1[column]) } }
    let rows = counts.map { Double($0.reduce(0, +)) }
    let total = PublishedArithmetic.sum(columns)
    var observed: [Double] = []
    var expected: [Double] = []
    for row in 0..<size {
      for column in 0..<size {
        let distance = Double((row - column) * (row - column))
        let weight = quadratic ? distance : (row == column ? 0 : 1)
        observed.append(weight * Double(counts[row][column]))
        expected.append(weight * (columns[row] * rows[column] / total))
      }
    }
    return 1 - PublishedArithmetic.sum(observed) / PublishedArithmetic.sum(expected)
  }
}

/// One class against all others.
public struct BinaryCounts: Sendable, Equatable {
  /// Of the class and called so.
  public var truePositives = 0
  /// Not of the class but called so.
  public var falsePositives = 0
  /// Not of the class and not called so.
  public var trueNegatives = 0
  /// Of the class but not called so.
  public var falseNegatives = 0

  /// Counts from the truth and the call of each picture.
  public init(truth: some Sequence<Bool>, called: some Sequence<Bool>) {
    for (isTrue, isCalled) in zip(truth, called) {
      switch (isTrue, isCalled) {
      case (true, true): truePositives += 1
      case (false, true): falsePositives += 1
      case (false, false): trueNegatives += 1
      case (true, false): falseNegatives += 1
      }
    }
  }

  /// Recall, TP / (TP + FN); 0 when the class never occurs.
  public var sensitivity: Double { ratio(truePositives, truePositives + falseNegatives) }
  /// TN / (TN + FP); NaN when every picture is of the class.
  public var specificity: Double {
    Double(trueNegatives) / Double(trueNegatives + falsePositives)
  }
  /// TP / (TP + FP); 0 when the class is never called.
  public var precision: Double { ratio(truePositives, truePositives + falsePositives) }
  /// The harmonic mean of precision and recall, 2TP / (2TP + FP + FN); 0 when undefined.
  public var f1: Double {
    ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives)
  }

  private func ratio(_ part: Int, _ whole: Int) -> Double {
    whole == 0 ? 0 : Double(part) / Double(whole)
  }
}
