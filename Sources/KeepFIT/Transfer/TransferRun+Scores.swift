/// Scores in addition to the published ones: the positive class, intervals, and reasons for undefined scores.
extension TransferRun {
  /// Predictions on other images than the test images, to choose thresholds on: the validation images, or else
  /// the training images. Nil for methods without training.
  func unseenPredictions(
    _ fitted: FittedMethod, split: DataSplit
  ) throws -> (source: OperatingPoint.Source, predictions: Predictions)? {
    guard roles.positive != nil, fitted.configuration.method.isTrained else { return nil }
    return split.validation.isEmpty
      ? (.training, try predictions(fitted, on: split.train))
      : (.validation, try predictions(fitted, on: split.validation))
  }

  /// Predictions on the training images, only for the published scores of the AMD experiment.
  func publishedTraining(
    _ fitted: FittedMethod, _ split: DataSplit,
    unseen: (source: OperatingPoint.Source, predictions: Predictions)?
  ) throws -> Predictions? {
    guard roles.published == .amd, fitted.configuration.method.isTrained else { return nil }
    if let unseen, unseen.source == .training { return unseen.predictions }
    return try predictions(fitted, on: split.train)
  }

  private func predictions(_ fitted: FittedMethod, on rows: [Int]) throws -> Predictions {
    let rows = Array(Set(rows)).sorted()
    let logits = try fitted.logits(rows.map(dataset.url), plain: true)
    return try Scored(logits, labels: rows.map { dataset.labels[$0] }, images: []).predictions()
  }

  /// Adds the positive class's scores, intervals and reasons to a fold.
  func addScores(
    to fold: inout TransferResult.Fold, measured: ClassificationMetrics,
    unseen: (source: OperatingPoint.Source, predictions: Predictions)?, resamples: Int
  ) throws {
    fold.undefined = measured.undefined
    let tested = TestedFolds([try fold.predictions()], names: [fold.clusterNames])
    if resamples > 1 { fold.intervals = Intervals.of(tested, roles: roles, resamples: resamples) }
    guard let positive = roles.positive else { return }
    var scores = DetectionScores(
      tested.folds[0], positive: positive, name: dataset.classes[positive], unseen: unseen)
    scores.intervals = Intervals.of(scores, tested: tested, positive: positive)
    fold.positive = scores
  }

  /// Adds scores, intervals and reasons over all folds.
  func addSummary(
    to result: inout TransferResult, metrics: [ClassificationMetrics], resamples: Int
  ) throws {
    result.kappaWeights = metrics.first?.kappaWeights
    var reasons: [String: String] = [:]
    for (name, value) in result.mean where !value.isDefined {
      let folds = result.folds.filter { $0.undefined?[name] != nil }
      let reason = folds.first?.undefined?[name] ?? "undefined in a fold"
      let numbers = folds.map { "\($0.fold)" }.joined(separator: ", ")
      reasons[name] = result.folds.count > 1 ? "\(reason) (fold \(numbers))" : reason
    }
    result.undefined = reasons
    let tested = TestedFolds(
      try result.folds.map { try $0.predictions() }, names: result.folds.map(\.clusterNames))
    if resamples > 1 {
      result.intervals = Intervals.of(tested, roles: roles, resamples: resamples)
    }
    guard let positive = roles.positive,
      var scores = DetectionScores(folds: result.folds.compactMap(\.positive))
    else { return }
    scores.intervals = Intervals.of(scores, tested: tested, positive: positive)
    result.positive = scores
  }
}

extension TransferResult.Fold {
  /// The clusters of rows that count as one observation: groups if known, or else images.
  var clusterNames: [String] { groups ?? testImages }
}
