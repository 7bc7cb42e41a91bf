extension Intervals {
  /// 95 % confidence intervals of ``DetectionScores/values``, without undefined ones.
  /// - Parameters:
  ///   - scores: the scores over all folds of `tested`.
  ///   - tested: the predictions.
  ///   - positive: the positive class.
  public static func of(
    _ scores: DetectionScores, tested: TestedFolds, positive: Int
  ) -> [String: ConfidenceInterval] {
    let predicted = tested.folds.map(\.predicted)
    func isPositive(_ fold: Int, _ row: Int) -> Bool {
      tested.folds[fold].labels[row] == positive
    }
    func isCalled(_ fold: Int, _ row: Int) -> Bool { predicted[fold][row] == positive }
    let positives = tested.effectiveCount(isPositive)
    let negatives = tested.effectiveCount { !isPositive($0, $1) }
    let counts: [String: Double] = [
      "sensitivity": positives, "specificity": negatives,
      "ppv": tested.effectiveCount(isCalled),
      "npv": tested.effectiveCount { !isCalled($0, $1) },
    ]
    var result: [String: ConfidenceInterval] = [:]
    for (name, value, _) in scores.values {
      guard let value else { continue }
      switch name {
      case "auc": result[name] = .newcombe(area: value, positives: positives, negatives: negatives)
      case "average_precision":
        result[name] = .wilson(value, count: positives, method: .wilsonPositives)
      default: if let count = counts[name] { result[name] = .wilson(value, count: count) }
      }
    }
    return result
  }
}
