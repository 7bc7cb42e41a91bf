/// Counts at each threshold of a score, for one class against all others.
public struct RankCurves: Sendable, Equatable {
  /// Distinct scores, descending.
  public let thresholds: [Double]
  /// Images of the class with a score of at least each threshold.
  public let truePositives: [Int]
  /// Other images with a score of at least each threshold.
  public let falsePositives: [Int]

  /// The number of images of the class.
  public var positives: Int { truePositives.last ?? 0 }
  /// The number of other images.
  public var negatives: Int { falsePositives.last ?? 0 }

  /// Sorts and counts, in O(N log N).
  /// - Parameters:
  ///   - truth: whether each image is of the class.
  ///   - scores: finite, one for each image; higher for the class.
  public init(truth: [Bool], scores: [Double]) {
    precondition(truth.count == scores.count, "a score for every image")
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var thresholds: [Double] = []
    var truePositives: [Int] = []
    var falsePositives: [Int] = []
    var hits = 0
    for (rank, index) in order.enumerated() {
      if truth[index] { hits += 1 }
      if rank + 1 < order.count, scores[order[rank + 1]] == scores[index] { continue }
      thresholds.append(scores[index])
      truePositives.append(hits)
      falsePositives.append(rank + 1 - hits)
    }
    self.thresholds = thresholds
    self.truePositives = truePositives
    self.falsePositives = falsePositives
  }

  /// The receiver operating characteristic without collinear points: true positive rate against false
  /// positive rate, from (0, 0) to (1, 1). Empty if there are no positive or no negative images.
  public var roc: [CurvePoint] {
    guard positives > 0, negatives > 0 else { return [] }
    let count = thresholds.count
    var points = [CurvePoint(x: 0, y: 0, threshold: nil)]
    for index in 0..<count {
      let isCorner =
        index == 0 || index == count - 1
        || isBend(truePositives, at: index) || isBend(falsePositives, at: index)
      guard isCorner else { continue }
      points.append(
        CurvePoint(
          x: Double(falsePositives[index]) / Double(negatives),
          y: Double(truePositives[index]) / Double(positives), threshold: thresholds[index]))
    }
    return points
  }

  private func isBend(_ counts: [Int], at index: Int) -> Bool {
    counts[index + 1] - counts[index] != counts[index] - counts[index - 1]
  }

  /// The area under ``roc``: the probability that an image of the class outranks another one, ties counted
  /// half. Nil if there are no positive or no negative images.
  public var areaUnderROC: Double? {
    let points = roc
    guard !points.isEmpty else { return nil }
    let pieces = zip(points, points.dropFirst()).map { ($1.x - $0.x) * ($1.y + $0.y) / 2 }
    return PublishedArithmetic.sum(pieces)
  }

  /// Precision against recall at every threshold, recall ascending, from (0, 1).
  public var precisionRecall: [CurvePoint] {
    guard positives > 0 else { return [] }
    var points = [CurvePoint(x: 0, y: 1, threshold: nil)]
    for (index, threshold) in thresholds.enumerated() {
      let called = truePositives[index] + falsePositives[index]
      points.append(
        CurvePoint(
          x: Double(truePositives[index]) / Double(positives),
          y: Double(truePositives[index]) / Double(called), threshold: threshold))
    }
    return points
  }

  /// Average precision: Σ (recall step) · precision, without interpolation. Nil when no image is
  /// of the class.
  public var averagePrecision: Double? {
    let points = precisionRecall
    guard !points.isEmpty else { return nil }
    return PublishedArithmetic.sum(zip(points, points.dropFirst()).map { ($1.x - $0.x) * $1.y })
  }
}

/// A point of a curve over thresholds.
public struct CurvePoint: Sendable, Equatable, Codable {
  /// False positive rate or recall, in `[0, 1]`.
  public let x: Double
  /// True positive rate or precision, in `[0, 1]`.
  public let y: Double
  /// The threshold: images with at least this score are predicted positive; nil if none is.
  public let threshold: Double?
}
