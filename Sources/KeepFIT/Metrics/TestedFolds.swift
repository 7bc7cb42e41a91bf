/// The predictions of one or several folds, with clusters of rows that are not independent: the same image
/// in several folds, or several images of one patient.
public struct TestedFolds: Sendable {
  /// The predictions of each fold.
  public let folds: [Predictions]
  /// The cluster of each row of each fold: rows with the same name count as one observation.
  let clusters: [[Int]]
  let clusterCount: Int

  /// Folds whose rows are clustered by name.
  /// - Parameters:
  ///   - folds: the predictions of at least one fold; all with the same classes.
  ///   - names: the cluster of each row of each fold: its group, or else its image.
  public init(_ folds: [Predictions], names: [[String]]) {
    precondition(!folds.isEmpty && folds.count == names.count, "names for every fold")
    precondition(
      zip(folds, names).allSatisfy { $0.count == $1.count }, "a name for every test image")
    (clusters, clusterCount) = Self.clusters(named: names)
    self.folds = folds
  }

  /// Numbers clusters by their first row.
  /// - Parameter names: the name of each row's cluster, for each fold.
  /// - Returns: the number of each row's cluster, and the number of clusters.
  static func clusters(named names: [[String]]) -> (rows: [[Int]], count: Int) {
    var known: [String: Int] = [:]
    let rows = names.map { fold in
      fold.map { name in
        let cluster = known[name] ?? known.count
        known[name] = cluster
        return cluster
      }
    }
    return (rows, known.count)
  }

  /// One fold of independent images.
  public init(_ predictions: Predictions) {
    folds = [predictions]
    clusters = [Array(0..<predictions.count)]
    clusterCount = predictions.count
  }

  /// The number of classes K.
  var classCount: Int { folds[0].classCount }

  /// The effective number of independent observations among the rows that `isIncluded` keeps. Equal to the
  /// number of images if each is tested once.
  func effectiveCount(_ isIncluded: (_ fold: Int, _ row: Int) -> Bool) -> Double {
    var sizes = [Int](repeating: 0, count: clusterCount)
    for fold in folds.indices {
      for row in 0..<folds[fold].count where isIncluded(fold, row) {
        sizes[clusters[fold][row]] += 1
      }
    }
    return Self.effectiveCount(ofClusters: sizes)
  }

  /// The effective number of independent observations if rows of one cluster are fully correlated:
  /// (Σ m)² / Σ m² over the cluster sizes m (Kish, 1965).
  static func effectiveCount(ofClusters sizes: some Sequence<Int>) -> Double {
    let sum = Double(sizes.reduce(0, +))
    let squares = sizes.reduce(0.0) { $0 + Double($1) * Double($1) }
    return squares == 0 ? 0 : sum * sum / squares
  }

  /// The multiplicity of each row when clusters are resampled with replacement within each class.
  /// - `strata`: ``strata``, computed once for all resamples.
  func resampled(_ strata: [[Int]], _ stream: inout RandomStream) -> [Int] {
    var times = [Int](repeating: 0, count: clusterCount)
    for stratum in strata {
      for _ in stratum { times[stratum[stream.index(below: stratum.count)]] += 1 }
    }
    return times
  }

  /// The clusters by the class of their first row.
  var strata: [[Int]] {
    var classes = [Int?](repeating: nil, count: clusterCount)
    for (fold, predictions) in folds.enumerated() {
      for (row, label) in predictions.labels.enumerated() {
        let cluster = clusters[fold][row]
        if classes[cluster] == nil { classes[cluster] = label }
      }
    }
    return (0..<classCount).map { label in classes.indices.filter { classes[$0] == label } }
      .filter { !$0.isEmpty }
  }
}
