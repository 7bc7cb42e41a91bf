import Foundation

/// The overlap of test and training data.
extension TransferRun {
  /// The overlap of a fold's test images with its training and validation images; nil for methods without
  /// training.
  func overlap(_ split: DataSplit, _ configuration: TransferConfiguration) -> TransferResult
    .Overlap?
  {
    guard configuration.method.isTrained else { return nil }
    let test = officialTest ?? dataset
    let fitted = split.train + split.validation
    let trained = Set(fitted.map { identity.key(dataset.url($0)) })
    var result = TransferResult.Overlap(
      identicalImages: split.test.count { trained.contains(identity.key(test.url($0))) })
    if let own = dataset.grouping, let other = test.grouping, own.by == other.by {
      let known = Set(fitted.map { own.groups[$0] })
      let tested = split.test.map { other.groups[$0] }
      result.groupedBy = own.by
      result.isGrouped = own.isAsked
      result.testGroups = Set(tested).count
      result.sharedGroups = Set(tested).intersection(known).count
      result.imagesOfSharedGroups = tested.count(where: known.contains)
    }
    return result
  }

  /// Notes on the fold with the largest overlap.
  func overlapNotes() -> [String] {
    var folds: [(overlap: TransferResult.Overlap, tests: Int)] = []
    for (configuration, splits) in zip(configurations, splits) {
      folds += splits.compactMap { split in
        overlap(split, configuration).map { ($0, split.test.count) }
      }
    }
    var result: [String] = []
    if let worst = folds.max(by: { $0.overlap.identicalImages < $1.overlap.identicalImages }),
      worst.overlap.identicalImages > 0
    {
      result.append(
        "\(worst.overlap.identicalImages) of the \(worst.tests) test images of a fold are also among its "
          + "training or validation images (same content)")
    }
    if let worst = folds.max(by: { ($0.overlap.sharedGroups ?? 0) < ($1.overlap.sharedGroups ?? 0) }
    ),
      let shared = worst.overlap.sharedGroups, shared > 0, let by = worst.overlap.groupedBy
    {
      let remedy =
        switch by {
        case .column(let name): "--group-column \(name)"
        case .pattern(let text): "--group-pattern '\(text)'"
        case .eyes: "--group-eyes"
        }
      result.append(
        "\(shared) of the \(worst.overlap.testGroups ?? 0) groups of a fold's test images (by "
          + "\(by)) also have training or validation images, so the scores may be too optimistic"
          + (dataset.parts == nil && officialTest == nil ? "; \(remedy) keeps groups together" : "")
      )
    }
    return result + externalOverlapNotes()
  }

  /// Notes on external test sets with images that some fold is fitted on.
  private func externalOverlapNotes() -> [String] {
    let fitted = zip(configurations, splits).filter { $0.0.method.isTrained }
      .flatMap { $0.1.flatMap { $0.train + $0.validation } }
    let known = Set(Set(fitted).map { identity.key(dataset.url($0)) })
    return external.compactMap { other in
      other.fittedNote(
        other.images.indices.count { known.contains(identity.key(other.url($0))) })
    }
  }

  /// Embeddings of at most `limit` test images of the first fold, evenly spaced over its list, which is
  /// ordered by class, so that the sample is stratified. Images encoded for the run are not encoded again.
  /// - Throws: errors of image loading.
  public func projectionSample(
    of report: TransferReport, limit: Int = 600
  ) throws -> (values: Tensor, labels: [Int], total: Int)? {
    guard let fold = report.results.first?.folds.first, !fold.testImages.isEmpty else { return nil }
    let root = (officialTest ?? dataset).root
    let total = fold.testImages.count
    let count = min(limit, total)
    let chosen = (0..<count).map { $0 * total / count }
    let values = try extractor.features(
      chosen.map { root.image(fold.testImages[$0]) }, projected: true)
    return (values, chosen.map { fold.labels[$0] }, total)
  }
}

extension LabeledImages {
  /// A note on an external test set that shares images with the data that is fitted on; nil if it shares none.
  func fittedNote(_ shared: Int) -> String? {
    shared == 0
      ? nil
      : "\(shared) of the \(count) images of \(name) are also training or validation images "
        + "(same content)"
  }
}
