/// Samples the folds of a configuration, or takes them from the data.
struct SplitDraw {
  let dataset: LabeledImages
  let officialTest: LabeledImages?
  /// Whether there is a positive class, whose thresholds are chosen on validation images.
  let choosesThresholds: Bool

  /// Whether the data define the test images.
  private var isOfficial: Bool { officialTest != nil || dataset.parts != nil }

  /// Training rows of an official split.
  private var trainRows: [Int] { dataset.rows(of: .train) }
  /// Validation rows of an official split.
  private var validationRows: [Int] { dataset.parts == nil ? [] : dataset.rows(of: .validation) }
  /// Test rows of an official split, of the test manifest if there is one.
  private var testRows: [Int] {
    officialTest.map { Array($0.images.indices) } ?? dataset.rows(of: .test)
  }

  private var places: String {
    officialTest.map { "the test manifest \($0.name)" } ?? "the column 'split' of \(dataset.name)"
  }

  /// Checks that are independent of the configuration.
  /// - Returns: notes.
  /// - Throws: ``TransferError/invalid(_:)`` when a split is empty, groups are on both sides, or validation
  ///   images are both given and requested.
  func check(_ configurations: [TransferConfiguration]) throws(TransferError) -> [String] {
    guard isOfficial else { return [] }
    if testRows.isEmpty { throw .invalid("\(places) marks no test images") }
    let fitted = configurations.filter(\.method.isTrained)
    guard !fitted.isEmpty else {
      return dataset.parts == nil
        ? [] : ["\(places): \(testRows.count) of \(dataset.count) images are test images"]
    }
    if trainRows.isEmpty { throw .invalid("\(places) leaves no training images") }
    try checkGroups()
    var notes = [
      "\(places): \(counted(trainRows.count, "training image")), "
        + "\(counted(validationRows.count, "validation image")), "
        + counted(testRows.count, "test image")
    ]
    if !validationRows.isEmpty {
      if fitted.contains(where: { !$0.split.validation.isZero }) {
        throw .invalid(
          "\(places) already defines \(counted(validationRows.count, "validation image")); omit --shots-val"
        )
      }
      let idle = fitted.filter { $0.method != .fineTune }.map(\.method.rawValue)
      if !idle.isEmpty, !choosesThresholds {
        notes.append(
          "validation images are used only for fine-tune and for the thresholds of a positive class, and "
            + "not by " + Set(idle).sorted().joined(separator: ", "))
      }
    }
    return notes
  }

  private func checkGroups() throws(TransferError) {
    guard let own = dataset.grouping, own.isAsked else { return }
    let test = officialTest ?? dataset
    guard let other = test.grouping else { return }
    let fitted = Set((trainRows + validationRows).map { own.groups[$0] })
    let shared = Set(testRows.map { other.groups[$0] }).intersection(fitted).sorted()
    if !shared.isEmpty {
      throw .invalid(
        "\(places): \(counted(shared.count, "group")) in both training or validation and test: "
          + LabeledImages.listed(shared) + "; correct it, or omit the grouping to use it anyway")
    }
    let between = Set(trainRows.map { own.groups[$0] })
      .intersection(validationRows.map { own.groups[$0] }).sorted()
    if !between.isEmpty {
      throw .invalid(
        "\(places): \(counted(between.count, "group")) in both training and validation: "
          + LabeledImages.listed(between))
    }
  }

  /// The folds of a configuration.
  /// - Throws: ``TransferError`` for classes that a split leaves empty or that have too few images.
  func splits(_ configuration: TransferConfiguration) throws(TransferError) -> [DataSplit] {
    var result = isOfficial ? try official(configuration) : try random(configuration)
    guard !configuration.split.validation.isZero, configuration.method.isTrained else {
      return result
    }
    for fold in result.indices {
      for (label, name) in dataset.classes.enumerated() {
        guard !result[fold].validation.contains(where: { dataset.labels[$0] == label }) else {
          continue
        }
        let total = dataset.labels.count { $0 == label }
        let text =
          "class '\(name)' has no validation image: \(configuration.split.validation) of "
          + counted(total, "image")
        if case .percent = configuration.split.validation, !configuration.acceptsSmallerParts {
          throw .invalid("\(text); raise --shots-val, or accept it with --allow-fewer")
        }
        if !result[fold].notes.contains(where: { $0.hasPrefix("class '\(name)'") }) {
          result[fold].notes.append(text)
        }
      }
    }
    return result
  }

  private func random(
    _ configuration: TransferConfiguration
  ) throws(TransferError) -> [DataSplit] {
    var options = configuration.split
    if !configuration.method.isTrained {
      options.train = .percent(0)
      options.validation = .percent(0)
    }
    var result: [DataSplit] = []
    for fold in 0..<configuration.folds {
      result.append(try draw(Array(dataset.images.indices), seed: fold, options))
    }
    return result
  }

  private func official(
    _ configuration: TransferConfiguration
  ) throws(TransferError) -> [DataSplit] {
    let options = configuration.split
    guard configuration.method.isTrained else {
      return [DataSplit(train: [], test: testRows, seed: 0)]
    }
    for (label, name) in dataset.classes.enumerated()
    where !trainRows.contains(where: { dataset.labels[$0] == label }) {
      throw .emptyClass(
        label: name, part: "training", reason: "no training row has this label")
    }
    let takesAll = options.train == .percent(100)
    let isSame = takesAll && options.validation.isZero && !options.balance
    var result: [DataSplit] = []
    for fold in 0..<(isSame && !configuration.method.isRandom ? 1 : configuration.folds) {
      var split: DataSplit
      if isSame {
        split = DataSplit(train: trainRows, test: [], seed: fold)
      } else if takesAll, !options.validation.isZero {
        // Validation images first, then all remaining images for training.
        split = try draw(
          trainRows, seed: fold,
          .init(
            train: .percent(100), validation: .percent(0), test: options.validation,
            balance: options.balance))
        split.validation = split.test
        split.notes = []
      } else {
        split = try draw(
          trainRows, seed: fold,
          .init(
            train: options.train, validation: options.validation, test: .percent(0),
            balance: options.balance))
      }
      if !validationRows.isEmpty { split.validation = validationRows }
      split.test = testRows
      result.append(split)
    }
    return result
  }

  /// A random split of rows, which keeps groups together if there are any.
  private func draw(
    _ rows: [Int], seed: Int, _ options: DataSplit.Options
  ) throws(TransferError) -> DataSplit {
    let labels = rows.map { dataset.labels[$0] }
    var split: DataSplit
    if let grouping = dataset.grouping, grouping.isAsked {
      split = try DataSplit(
        labels: labels, groups: rows.map { grouping.groups[$0] }, seed: seed, options: options,
        classNames: dataset.classes)
    } else {
      split = try DataSplit(
        labels: labels, seed: seed, options: options, classNames: dataset.classes)
    }
    split.train = split.train.map { rows[$0] }
    split.validation = split.validation.map { rows[$0] }
    split.test = split.test.map { rows[$0] }
    return split
  }
}
