import Foundation

/// Fitting a method on a fold, and saving the result.
extension TransferRun {
  func fit(
    _ configuration: TransferConfiguration, split: DataSplit, knowledge: ClassKnowledge?,
    seconds: inout Double
  ) throws -> FittedMethod {
    let urls = split.train.map(dataset.url)
    let labels = split.train.map { dataset.labels[$0] }
    if configuration.method == .fineTune, let model = model as? any TrainableTransferModel {
      let start = Date()
      defer { seconds += Date().timeIntervalSince(start) }
      // Folds of an official split have the same training images, and differ only in their seeds.
      var options = configuration.fineTuning
      if isOfficial { options.seed &+= UInt64(split.seed) }
      let tuned = try FineTuning.fit(
        model, training: .init(urls: urls, labels: labels),
        validation: .init(
          urls: split.validation.map(dataset.url),
          labels: split.validation.map { dataset.labels[$0] }),
        classCount: dataset.classes.count, source: source, projects: configuration.projects,
        augments: configuration.augmentsTraining, options: options
      ) { [weak self] in self?.progress?($0.description, $0.fraction) }
      return FittedMethod(configuration, .tuned(tuned), extractor: extractor)
    }
    var random = split.random
    if configuration.method == .zeroShot, let knowledge {
      return FittedMethod(configuration, .features(ZeroShot(knowledge)), extractor: extractor)
    }
    let training = try trainingFeatures(configuration, urls: urls, labels: labels)
    let start = Date()
    defer { seconds += Date().timeIntervalSince(start) }
    let classifier = try Self.classifier(
      configuration, training: training, knowledge: knowledge, random: &random)
    return FittedMethod(configuration, .features(classifier), extractor: extractor)
  }

  /// Whether the data define the test images.
  var isOfficial: Bool { officialTest != nil || dataset.parts != nil }

  private func trainingFeatures(
    _ configuration: TransferConfiguration, urls: [URL], labels: [Int]
  ) throws -> TrainingFeatures {
    let passes = configuration.trainingPasses
    let parts = try passes.map {
      try extractor.features(urls, pass: $0, projected: configuration.projects)
    }
    return try TrainingFeatures(
      features: Tensor.concatenated(parts), labels: passes.flatMap { _ in labels },
      classCount: dataset.classes.count)
  }

  static func classifier(
    _ configuration: TransferConfiguration, training: TrainingFeatures,
    knowledge: ClassKnowledge?, random: inout PythonRandom
  ) throws(TransferError) -> any FeatureClassifier {
    if configuration.method == .linearProbe {
      return try LinearProbe.fit(
        features: training.features, labels: training.labels, classCount: training.classCount,
        options: configuration.linearProbe)
    }
    guard let knowledge else {
      throw .invalid("\(configuration.method.rawValue) needs class texts")
    }
    switch configuration.method {
    case .clipAdapter:
      return try CLIPAdapter.fit(
        training, knowledge: knowledge, options: configuration.clipAdapter, random: &random)
    case .tipAdapter, .tipAdapterF:
      var options = configuration.tipAdapter
      options.trainsKeys = configuration.method == .tipAdapterF
      return try TIPAdapter.fit(training, knowledge: knowledge, options: options, random: &random)
    default: return ZeroShot(knowledge)
    }
  }

  /// Fits a temperature, if requested, and measures the probabilities of the true classes, both on validation
  /// images; nil if there are none, or neither is needed.
  func calibrate(_ fitted: inout FittedMethod, split: DataSplit) throws -> AdapterCalibration? {
    let fits = fitted.configuration.fitsTemperature == true && fitted.configuration.method.isTrained
    guard fits || adapterDirectory != nil, !split.validation.isEmpty else {
      if fits { throw TransferError.invalid("a temperature is fitted on validation images") }
      return nil
    }
    let rows = Array(Set(split.validation)).sorted()
    let logits = try fitted.logits(rows.map(dataset.url), plain: true)
    let calibration = AdapterCalibration(
      logits: Classification(labels: dataset.classes, logits: logits).logits,
      labels: rows.map { dataset.labels[$0] }, fitsTemperature: fits)
    fitted.temperature = calibration.temperature
    return calibration
  }

  func save(
    _ fitted: FittedMethod, configuration: TransferConfiguration, fold: Int,
    calibration: AdapterCalibration?
  ) throws {
    guard let adapterDirectory else { return }
    let adapter = Adapter(
      configuration.method, content: fitted.content, classes: dataset.classes,
      projects: configuration.projects, model: model.fingerprint, experiment: name,
      preprocessing: source.preprocessing, calibration: calibration)
    try adapter.save(to: configuration.adapterFolder(in: adapterDirectory, fold: fold), force: true)
  }
}
