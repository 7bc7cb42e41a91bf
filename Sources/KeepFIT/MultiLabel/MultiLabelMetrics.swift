/// Scores of predictions with several labels per image. Macro means are undefined if they are for a label.
enum MultiLabelMetrics {
  /// - Parameters:
  ///   - truth: whether each label applies, `[N, K]`.
  ///   - probabilities: `[N, K]`.
  ///   - scores: the scores of each label, `[K]`.
  static func values(
    truth: [[Bool]], probabilities: [[Float]], scores: [LabelScores]
  ) -> [String: MetricValue] {
    let mean = PublishedArithmetic.mean(defined:)
    let total = scores.map(\.counts).reduce(BinaryCounts(), +)
    let hits = truth.indices.count { row in
      scores.indices.allSatisfy { label in
        truth[row][label]
          == (Double(probabilities[row][label]) >= scores[label].threshold ?? .infinity)
      }
    }
    return [
      "auc_class": .vector(scores.map(\.auc)), "auc_macro": .scalar(mean(scores.map(\.auc))),
      "average_precision_class": .vector(scores.map(\.averagePrecision)),
      "average_precision_macro": .scalar(mean(scores.map(\.averagePrecision))),
      "f1_class": .vector(scores.map(\.counts.f1)),
      "f1_macro": .scalar(mean(scores.map(\.counts.f1))), "f1_micro": .scalar(total.f1),
      "sensitivity_class": .vector(scores.map(\.counts.sensitivity)),
      "specificity_class": .vector(scores.map(\.counts.specificity)),
      "sensitivity_macro": .scalar(mean(scores.map(\.counts.sensitivity))),
      "specificity_macro": .scalar(mean(scores.map(\.counts.specificity))),
      "exact_match": .scalar(Double(hits) / Double(max(1, truth.count))),
    ]
  }
}
