/// Paired comparisons of the methods.
extension TransferReport {
  /// Compares all methods that were tested on the same images, by balanced accuracy and by AUC.
  ///
  /// The scores are means over the folds of unrounded values; classes that a draw lacks are left out of it.
  /// - `resamples`: the number of draws.
  public func paired(resamples: Int = 1000) -> [PairedComparison] {
    guard let first = results.first, !first.folds.isEmpty else { return [] }
    // Zero-shot on all images and other methods on folds of them cannot be compared image by image.
    let same = results.filter { result in
      result.folds.count == first.folds.count
        && zip(result.folds, first.folds).allSatisfy {
          $0.testImages == $1.testImages && $0.labels == $1.labels
        }
    }
    guard same.count > 1,
      let predictions = try? same.map({ try $0.folds.map { try $0.predictions() } })
    else { return [] }
    let names = first.folds.map(\.clusterNames)
    let tested = TestedFolds(predictions[0], names: names)
    let methods = same.map { EvidenceReport.name(of: $0) }
    func compare(
      _ metric: String, _ score: (Predictions) -> @Sendable ([Int]) -> Double?
    ) -> [PairedComparison] {
      let contestants = zip(methods, predictions).map { name, folds in
        let scores = folds.map(score)
        return PairedComparison.Contestant(name: name) { [clusters = tested.clusters] times in
          PublishedArithmetic.mean(
            defined: zip(scores, clusters).map { score, rows in score(rows.map { times[$0] }) })
        }
      }
      return PairedComparison.all(
        contestants, strata: tested.strata, count: tested.clusterCount, metric: metric,
        resamples: resamples)
    }
    return compare("aca", Self.balancedAccuracy) + compare("auc_avg", Self.area)
  }

  private static func balancedAccuracy(_ fold: Predictions) -> @Sendable ([Int]) -> Double? {
    let hits = zip(fold.labels, fold.predicted).map { $0 == $1 }
    let (labels, classCount) = (fold.labels, fold.classCount)
    return { weights in
      var right = [Int](repeating: 0, count: classCount)
      var all = right
      for (row, label) in labels.enumerated() {
        all[label] += weights[row]
        if hits[row] { right[label] += weights[row] }
      }
      let recalls = all.indices.filter { all[$0] > 0 }.map { Double(right[$0]) / Double(all[$0]) }
      return recalls.isEmpty ? nil : PublishedArithmetic.mean(recalls)
    }
  }

  private static func area(_ fold: Predictions) -> @Sendable ([Int]) -> Double? {
    let curves = Set(fold.labels).sorted().map { WeightedArea(fold, class: $0) }
    return { weights in
      let areas = curves.compactMap { $0.area(weights: weights) }
      return areas.isEmpty ? nil : PublishedArithmetic.mean(areas)
    }
  }
}
