import Foundation

/// External test sets, and images that cannot be read.
extension MultiLabelRun {
  /// Predicts all images of an external test set with a fold's classifier, thresholds and temperature.
  /// - Parameters:
  ///   - fitted: the classifier.
  ///   - configuration: its configuration.
  ///   - other: the external test set.
  ///   - fold: the fold's results.
  /// - Returns: the results, and the scores of each label.
  /// - Throws: errors of image loading.
  func score(
    _ fitted: FittedMethod.Content, _ configuration: TransferConfiguration,
    on other: MultiLabelImages, as fold: MultiLabelResult.Fold
  ) throws -> (result: MultiLabelResult.External, labels: [LabelScores]) {
    let urls = other.images.images.indices.map(other.images.url)
    let rows = Self.probabilities(
      try logits(fitted, configuration, urls), temperature: fold.temperature)
    let scores = other.classes.indices.map { label in
      LabelScores(
        label: other.classes[label], truth: other.targets.map { $0[label] },
        probabilities: rows.map { Double($0[label]) }, threshold: fold.thresholds[label])
    }
    let result = MultiLabelResult.External(
      metrics: MultiLabelMetrics.values(
        truth: other.targets, probabilities: rows, scores: scores),
      testImages: other.images.images, labels: other.targets.map { row in row.map { $0 ? 1 : 0 } },
      probabilities: rows)
    return (result, scores)
  }

  /// The scores over all folds on each external test set; nil without any.
  /// - Parameters:
  ///   - folds: the results of the folds.
  ///   - scores: the scores of each label in each fold, by name of the external test set.
  func externalSummaries(
    _ folds: [MultiLabelResult.Fold], _ scores: [String: [[LabelScores]]]
  ) -> [String: MultiLabelResult.ExternalSummary]? {
    guard !external.isEmpty else { return nil }
    return external.reduce(into: [:]) { summaries, other in
      let name = other.images.name
      let summary = FoldSummary(folds.compactMap { $0.external?[name]?.metrics })
      let byLabel = scores[name] ?? []
      let labels = other.classes.indices.compactMap { label -> LabelScores? in
        var scores = LabelScores(folds: byLabel.map { $0[label] })
        // The same images in every fold.
        scores?.addIntervals(
          truth: folds.map { _ in other.targets.map { $0[label] } },
          names: folds.map { _ in other.images.images })
        return scores
      }
      summaries[name] = MultiLabelResult.ExternalSummary(
        mean: summary.mean, std: summary.standardDeviation, labels: labels)
    }
  }

  /// Notes on the external test sets: how they were read, labels that none of their images has, and images that
  /// some fold is fitted on.
  func externalNotes() -> [String] {
    guard !external.isEmpty else { return [] }
    let fitted = Set(
      zip(configurations, splits).filter { $0.0.method.isTrained }
        .flatMap { $0.1.flatMap { $0.train + $0.validation } }
    ).map(data.images.url)
    var notes: [String] = []
    for other in external {
      let name = other.images.name
      notes += other.images.notes
      let counts = other.counts(0..<other.count)
      let absent = other.classes.indices.filter { counts[$0] == 0 }.map { "'\(other.classes[$0])'" }
      if !absent.isEmpty {
        notes.append(
          "no image of \(name) has the \(absent.count == 1 ? "label" : "labels") "
            + "\(absent.joined(separator: ", ")), whose scores there are undefined")
      }
      let shared = FileIdentity.shared(
        other.images.images.indices.map(other.images.url), among: fitted)
      if let note = other.images.fittedNote(shared) { notes.append(note) }
    }
    return notes
  }

  /// Finds all unusable images, and removes them from every split and external test set.
  func setBadImagesAside() throws -> [TransferReport.SkippedImage] {
    let own = Set(splits.joined().flatMap { $0.train + $0.validation + $0.test }).sorted()
    let rows: [(manifest: LabeledImages, row: Int)] =
      own.map { (data.images, $0) }
      + external.flatMap { other in other.images.images.indices.map { (other.images, $0) } }
    let bad = try extractor.unusable(
      rows.map { $0.manifest.url($0.row) },
      encodes: configurations.contains { $0.method != .fineTune })
    guard !bad.isEmpty else { return [] }
    func isGood(_ row: Int) -> Bool { bad[data.images.url(row)] == nil }
    splits = splits.map { folds in folds.map { $0.keeping(train: isGood, test: isGood) } }
    for split in splits.joined() where split.test.isEmpty {
      throw TransferError.invalid("none of the test images of \(data.images.name) can be read")
    }
    external = try external.map { $0.selecting(try $0.images.usableRows(bad)) }
    return TransferReport.SkippedImage.list(rows, bad)
  }
}
