import Foundation

extension MultiLabelRun {
  func fit(
    _ configuration: TransferConfiguration, _ split: DataSplit, seconds: inout Double
  ) throws -> FittedMethod.Content {
    let start = Date()
    func samples(_ rows: [Int]) -> FineTuning.Samples {
      .init(urls: rows.map(data.images.url), targets: rows.map { data.targets[$0] })
    }
    switch configuration.method {
    case .fineTune:
      guard let model = model as? any TrainableTransferModel else {
        throw TransferError.invalid("this model cannot be fine-tuned")
      }
      defer { seconds += Date().timeIntervalSince(start) }
      return .tuned(
        try FineTuning.fit(
          model, training: samples(split.train), validation: samples(split.validation),
          classCount: data.classes.count, source: source, projects: configuration.projects,
          augments: configuration.augmentsTraining, options: configuration.fineTuning
        ) { [weak self] in self?.progress?($0.description, $0.fraction) })
    case .linearProbe:
      let passes = configuration.trainingPasses
      let parts = try passes.map {
        try extractor.features(
          split.train.map(data.images.url), pass: $0, projected: configuration.projects)
      }
      let targets = split.train.map { data.targets[$0] }
      let began = Date()
      defer { seconds += Date().timeIntervalSince(began) }
      return .features(
        try LabelProbes.fit(
          features: Tensor.concatenated(parts), targets: passes.flatMap { _ in targets },
          options: configuration.linearProbe))
    default:
      // A finding and its absence in turn; the logit is the difference of the two.
      let names = try data.classes.flatMap(ImageClassifier.pair)
      let texts = try model.knowledge(of: names, table: table, template: prompt.template)
      if let note = texts.collapseNote, !notes.contains(note) { notes.append(note) }
      let all = texts.textEmbeddings
      let rows = data.classes.indices.map { label in
        all.sliced(axis: 0, 2 * label..<2 * label + 1)
          - all.sliced(axis: 0, 2 * label + 1..<2 * label + 2)
      }
      return .features(
        ZeroShot(
          ClassKnowledge(
            textEmbeddings: Tensor.concatenated(rows), logitScale: texts.logitScale)))
    }
  }

  /// Logits of images, `[N, K]`; with test-time augmentation, their mean over the passes.
  func logits(
    _ fitted: FittedMethod.Content, _ configuration: TransferConfiguration, _ urls: [URL]
  ) throws -> [[Float]] {
    let method = FittedMethod(configuration, fitted, extractor: extractor)
    let logits = try method.logits(urls)
    let (values, width) = (logits.scalars, data.classes.count)
    return urls.indices.map { Array(values[$0 * width..<($0 + 1) * width]) }
  }

  /// The probability of each label, whatever the others.
  /// - Parameters:
  ///   - logits: logits, `[N, K]`.
  ///   - temperature: what logits are divided by; nil for 1.
  static func probabilities(_ logits: [[Float]], temperature: Double?) -> [[Float]] {
    logits.map { row in row.map { 1 / (1 + exp(-$0 / Float(temperature ?? 1))) } }
  }

  func save(
    _ fitted: FittedMethod.Content, _ configuration: TransferConfiguration, fold: Int,
    thresholds: [Double], temperature: Double?, validation: Int
  ) throws {
    guard let adapterDirectory else { return }
    let adapter = Adapter(
      configuration.method, content: fitted, classes: data.classes,
      projects: configuration.projects, model: model.fingerprint, experiment: name,
      preprocessing: source.preprocessing,
      calibration: validation > 0
        ? AdapterCalibration(temperature: temperature, images: validation, trueProbabilities: [])
        : nil, thresholds: thresholds)
    try adapter.save(to: configuration.adapterFolder(in: adapterDirectory, fold: fold), force: true)
  }
}

extension MultiLabelReport {
  /// Compares all methods that were tested on the same images, by the macro mean of AUC over the labels that
  /// a draw contains.
  public func paired(resamples: Int = 1000) -> [PairedComparison] {
    guard let first = results.first, !first.folds.isEmpty else { return [] }
    let same = results.filter { result in
      result.folds.count == first.folds.count
        && zip(result.folds, first.folds).allSatisfy { $0.testImages == $1.testImages }
    }
    let (rows, count) = TestedFolds.clusters(named: first.folds.map(\.clusterNames))
    let labels = first.classes.indices
    let contestants = same.compactMap { result -> PairedComparison.Contestant? in
      let curves = result.folds.map { fold in
        labels.compactMap { label in
          (try? Predictions(
            labels: fold.labels.map { $0[label] }, classCount: 2,
            probabilities: fold.column(label).flatMap { [1 - $0, $0] })).map {
              WeightedArea($0, class: 1)
            }
        }
      }
      return .init(name: EvidenceReport.name(of: result.configuration)) { times in
        PublishedArithmetic.mean(
          defined: zip(curves, rows).map { curves, rows in
            let weights = rows.map { times[$0] }
            let areas = curves.compactMap { $0.area(weights: weights) }
            return areas.isEmpty ? nil : PublishedArithmetic.mean(areas)
          })
      }
    }
    return PairedComparison.all(
      contestants, strata: [Array(0..<count)], count: count,
      metric: "auc_macro", resamples: resamples)
  }
}
