import Foundation

extension TransferRun {
  /// Finds all unusable images, and removes them from every split.
  func setBadImagesAside() throws -> [TransferReport.SkippedImage] {
    let test = officialTest ?? dataset
    var rows: [(manifest: LabeledImages, row: Int)] = []
    let drawn = splits.joined()
    rows += Set(drawn.flatMap { $0.train + $0.validation }).sorted().map { (dataset, $0) }
    rows += Set(drawn.flatMap(\.test)).sorted().map { (test, $0) }
    rows += external.flatMap { other in other.images.indices.map { (other, $0) } }
    let needsPlainFeatures = configurations.contains {
      $0.method != .fineTune && !($0.augmentsTest && $0.augmentsTraining)
    }
    let bad = try extractor.unusable(
      rows.map { $0.manifest.url($0.row) }, encodes: needsPlainFeatures)
    guard !bad.isEmpty else { return [] }
    func isGood(_ manifest: LabeledImages) -> (Int) -> Bool { { bad[manifest.url($0)] == nil } }
    for index in splits.indices {
      let configuration = configurations[index]
      splits[index] = try splits[index].map { split throws(TransferError) in
        let kept = split.keeping(train: isGood(dataset), test: isGood(test))
        if kept.train.isEmpty, kept.validation.isEmpty, kept.test.isEmpty {
          throw .invalid("none of the images of \(dataset.name) can be read")
        }
        try check(kept, was: split, configuration)
        return kept
      }
    }
    external = try external.map { other throws(TransferError) in
      other.selecting(try other.usableRows(bad))
    }
    return TransferReport.SkippedImage.list(rows, bad)
  }

  /// Checks that no class is left without images in a split.
  private func check(
    _ kept: DataSplit, was: DataSplit, _ configuration: TransferConfiguration
  ) throws(TransferError) {
    let test = officialTest ?? dataset
    for (label, name) in dataset.classes.enumerated() {
      let parts = [
        (was.train.map { dataset.labels[$0] }, kept.train.map { dataset.labels[$0] }, "training"),
        (was.test.map { test.labels[$0] }, kept.test.map { test.labels[$0] }, "test"),
      ]
      for (before, after, part) in parts where before.contains(label) && !after.contains(label) {
        throw .emptyClass(
          label: name, part: part, reason: "none of them can be read")
      }
    }
  }
}

extension LabeledImages {
  /// The rows of images that can be used.
  /// - Parameter bad: the reasons why files cannot be used.
  /// - Throws: ``TransferError`` if there are none.
  func usableRows(_ bad: [URL: String]) throws(TransferError) -> [Int] {
    let kept = images.indices.filter { bad[url($0)] == nil }
    if kept.isEmpty { throw .invalid("none of the images of \(name) can be read") }
    return kept
  }
}

extension TransferReport.SkippedImage {
  /// The images that cannot be used, each file once.
  static func list(
    _ rows: [(manifest: LabeledImages, row: Int)], _ bad: [URL: String]
  ) -> [TransferReport.SkippedImage] {
    var listed: Set<URL> = []
    return rows.compactMap { manifest, row in
      let url = manifest.url(row)
      guard let reason = bad[url], listed.insert(url).inserted else { return nil }
      return .init(manifest: manifest.name, image: manifest.images[row], reason: reason)
    }
  }
}
