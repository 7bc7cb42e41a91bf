/// Samples the folds of images with several labels, or takes them from the column `split`.
final class MultiLabelSplit {
  private let data: MultiLabelImages
  /// Notes on the splits.
  private(set) var notes: [String] = []

  init(data: MultiLabelImages) { self.data = data }

  func splits(_ configuration: TransferConfiguration) throws(TransferError) -> [DataSplit] {
    var splits: [DataSplit] = []
    let isSampled = data.images.parts == nil && configuration.split.test != .percent(100)
    for fold in 0..<(isSampled || configuration.method.isRandom ? configuration.folds : 1) {
      splits.append(try split(configuration, fold: fold))
    }
    for split in splits { try check(split, configuration) }
    return splits
  }

  private func split(
    _ configuration: TransferConfiguration, fold: Int
  ) throws(TransferError) -> DataSplit {
    let images = data.images
    let isTrained = configuration.method.isTrained
    if images.parts != nil {
      return DataSplit(
        train: isTrained ? images.rows(of: .train) : [],
        validation: isTrained ? images.rows(of: .validation) : [], test: images.rows(of: .test),
        seed: fold)
    }
    let options = configuration.split
    // Methods without training are tested on the same images as the others.
    let shares = try [options.test, options.train, options.validation].map {
      (count) throws(TransferError) in try share(count)
    }
    guard shares.reduce(0, +) <= 1 + 1e-9 else {
      throw .invalid(
        "test \(options.test), training \(options.train) and validation \(options.validation) are more "
          + "than 100%")
    }
    var members: [String: Int] = [:]
    var units: [[Int]] = []
    for row in images.images.indices {
      let name = images.grouping?.groups[row] ?? "\(row)"
      if let unit = members[name] {
        units[unit].append(row)
      } else {
        members[name] = units.count
        units.append([row])
      }
    }
    var random = PythonRandom(seed: fold)
    let placed = IterativeStratification(
      counts: units.map { data.counts($0) }, sizes: units.map(\.count), shares: shares,
      random: &random
    ).parts
    func rows(_ part: Int) -> [Int] {
      units.indices.filter { placed[$0] == part }.flatMap { units[$0] }.sorted()
    }
    return DataSplit(
      train: isTrained ? rows(1) : [], validation: isTrained ? rows(2) : [], test: rows(0),
      seed: fold, random: random, notes: [])
  }

  private func share(_ count: SampleCount) throws(TransferError) -> Double {
    switch count {
    case .percent(let percent): return Double(percent) / 100
    case .count(0): return 0
    case .count(let number):
      throw .invalid(
        "with several labels per image there is no number of images per class: give a percentage "
          + "instead of \(number), such as 80%")
    }
  }

  private func check(
    _ split: DataSplit, _ configuration: TransferConfiguration
  ) throws(TransferError) {
    if split.test.isEmpty { throw .invalid("\(data.images.name) has no test images") }
    guard configuration.method.isTrained else { return }
    if configuration.fitsTemperature == true, split.validation.isEmpty {
      throw .invalid("a temperature is fitted on validation images, and there are none")
    }
    let counts = data.counts(split.train)
    for (label, name) in data.classes.enumerated() {
      if counts[label] == 0 {
        throw .emptyClass(
          label: name, part: "training",
          reason: "\(counted(data.counts(0..<data.count)[label], "image")) in all")
      }
      if counts[label] == split.train.count {
        throw .invalid(
          "all \(split.train.count) training images have the label '\(name)', so that there is nothing to "
            + "learn; remove the label")
      }
    }
    let tested = data.counts(split.test)
    for (label, name) in data.classes.enumerated() where tested[label] == 0 {
      let note =
        "no test image of fold \(split.seed) has the label '\(name)': its scores are undefined"
      if !notes.contains(note) { notes.append(note) }
    }
  }
}
