import Foundation

/// Evaluates methods on an experiment, fold by fold.
///
/// All problems with options and data are reported when a run is created, before any image is encoded.
public final class TransferRun {
  /// The images of the experiment.
  public let dataset: LabeledImages
  /// With a test manifest: the test images.
  public let officialTest: LabeledImages?
  /// External test sets with the same classes, tested with every fold's classifier.
  public internal(set) var external: [LabeledImages]
  /// The configurations to evaluate.
  public let configurations: [TransferConfiguration]
  /// The prompt template for class names, and its source.
  public let prompt: ClassPrompt
  /// Notes on the data and the options, one sentence each. Part of the report.
  public private(set) var notes: [String] = []
  /// The handling of unreadable images.
  public var onBadImage = BadImagePolicy.fail
  /// Called with a description of the progress, and a fraction from 0 to 1 if known.
  public var progress: ((_ text: String, _ share: Double?) -> Void)?
  /// The directory to save each fold's adapter to, below `<method>-<shots>/fold<number>`; nil for none.
  public var adapterDirectory: URL?
  /// Called for every fold while its classifier is in place.
  public var onFold: ((FittedFold) throws -> Void)?

  /// The roles of the classes.
  public let roles: ClassRoles

  let name: String
  let model: any TransferModel
  let source: ImageSource
  let extractor: FeatureExtractor
  let identity: FileIdentity
  private let table: Knowledge
  var splits: [[DataSplit]]

  /// Checks data and options and samples the splits.
  ///
  /// - `cache`: the feature cache; nil for none.
  /// - `knowledge`: descriptions of the classes; `Knowledge/none` for the plain names.
  /// - `template`: the prompt template, with `[CLS]` for the description; nil for the model's own, or else
  ///   that of the modality.
  /// - `batchSize`: images per batch.
  /// - Throws: ``TransferError`` for classes without or with too few images in a split, no test images,
  ///   methods that the model or the options do not allow, manifests with different classes, an image with
  ///   two labels, or groups on both sides of an official split.
  public init(
    experiment: Experiment, dataset: LabeledImages, officialTest: LabeledImages? = nil,
    external: [LabeledImages] = [], model: any TransferModel, source: ImageSource,
    configurations: [TransferConfiguration], cache: FeatureCache? = nil,
    knowledge: Knowledge = .builtin, template: String? = nil, batchSize: Int = 8
  ) throws(TransferError) {
    name = experiment.name
    roles = try ClassRoles(experiment, classes: dataset.classes)
    self.dataset = dataset
    self.officialTest = officialTest
    self.external = external
    self.model = model
    self.source = source
    self.configurations = configurations
    table = knowledge
    prompt = ClassPrompt(
      asked: template, model: model.ownPrompt, modality: experiment.modality ?? .colorFundus)
    guard prompt.template.contains("[CLS]") else {
      throw .invalid("the prompt '\(prompt.template)' has no [CLS] for the class")
    }
    let others = (officialTest.map { [$0] } ?? []) + external
    for other in others where other.classes != dataset.classes {
      throw .invalid(
        "\(other.name) has the classes \(other.classes), \(dataset.name) has \(dataset.classes)")
    }
    guard !configurations.isEmpty else { throw .invalid("no method to evaluate") }
    for configuration in configurations {
      try Self.check(
        configuration, model: model, classes: dataset.classes,
        hasOfficialTest: officialTest != nil || dataset.parts != nil)
    }
    let draw = SplitDraw(
      dataset: dataset, officialTest: officialTest, choosesThresholds: roles.positive != nil)
    notes = try draw.check(configurations)
    var splits: [[DataSplit]] = []
    for configuration in configurations {
      let folds = try draw.splits(configuration)
      if !configuration.acceptsSmallerParts, let note = folds.lazy.flatMap(\.notes).first {
        throw .invalid("\(note); lower the requested number, or accept fewer with --allow-fewer")
      }
      splits.append(folds)
    }
    self.splits = splits
    identity = FileIdentity(([dataset] + others).flatMap { $0.images.indices.map($0.url) })
    extractor = FeatureExtractor(model: model, source: source, cache: cache, batchSize: batchSize)
    for read in [dataset] + others {
      notes += read.notes
      notes += try identity.check(read, accepts: experiment.isPublished)
    }
    notes += overlapNotes()
    // Two manifests may give the same note.
    var said: Set<String> = []
    notes = notes.filter { said.insert($0).inserted }
  }

  private static func check(
    _ configuration: TransferConfiguration, model: any TransferModel, classes: [String],
    hasOfficialTest: Bool
  ) throws(TransferError) {
    let method = configuration.method
    if configuration.folds < 1 {
      throw .invalid("there must be at least one fold, not \(configuration.folds)")
    }
    if method.usesText && !configuration.projects {
      throw .invalid(
        "\(method.rawValue) compares images with texts and needs projected features; omit "
          + "--no-projection")
    }
    if method.isTrained && configuration.split.train.isZero {
      throw .invalid("\(method.rawValue) needs training images")
    }
    if configuration.split.test.isZero && !hasOfficialTest {
      throw .invalid("the split has no test images")
    }
    if configuration.fitsTemperature == true && configuration.augmentsTest {
      throw .invalid(
        "a temperature is fitted on plain images; omit --temperature or --augment-test")
    }
    if method == .fineTune && !(model is any TrainableTransferModel) {
      throw .invalid("this model cannot be fine-tuned")
    }
    if method.usesText {
      try ClassPrompt.checkNames(
        of: classes, use: method.rawValue, alternative: ", or use --method linear-probe")
    }
  }

  // MARK: - Running

  /// Evaluates every configuration.
  /// - Throws: errors of image loading or fitting. Features computed before are in the cache.
  public func run() throws -> TransferReport {
    extractor.progress = { [weak self] done, total in
      self?.progress?("encoding images", Double(done) / Double(total))
    }
    defer { extractor.progress = nil }
    let skipped = onBadImage == .skip ? try setBadImagesAside() : []
    let knowledge =
      try configurations.contains { $0.method.usesText }
      ? model.knowledge(of: dataset.classes, table: table, template: prompt.template) : nil
    if let note = knowledge?.collapseNote { notes.append(note) }
    var results: [TransferResult] = []
    for (configuration, splits) in zip(configurations, splits) {
      results.append(try evaluate(configuration, splits: splits, knowledge: knowledge))
    }
    var report = TransferReport(
      experiment: name, results: results, notes: notes, skipped: skipped)
    progress?("comparing methods", nil)
    report.comparisons = report.paired(
      resamples: configurations.map(\.bootstrapResamples).max() ?? 0)
    return report
  }

  private func evaluate(
    _ configuration: TransferConfiguration, splits: [DataSplit], knowledge: ClassKnowledge?
  ) throws -> TransferResult {
    var folds: [TransferResult.Fold] = []
    var metrics: [ClassificationMetrics] = []
    var others: [String: [ClassificationMetrics]] = [:]
    var seconds = 0.0
    for (number, split) in splits.enumerated() {
      let label = "\(configuration.method.rawValue), \(configuration.split.train.trainingText)"
      progress?("\(label), fold \(number + 1) of \(splits.count)", nil)
      var fitted = try fit(configuration, split: split, knowledge: knowledge, seconds: &seconds)
      defer { fitted.finish() }
      let calibration = try calibrate(&fitted, split: split)
      try save(fitted, configuration: configuration, fold: number, calibration: calibration)

      let test = officialTest ?? dataset
      let logits = try fitted.logits(split.test.map(test.url))
      let effect = fitted.temperature.map {
        TransferResult.TemperatureEffect(
          temperature: $0, scaled: logits, labels: split.test.map { test.labels[$0] },
          validationImages: split.validation.count)
      }
      let scored = Scored(
        logits, labels: split.test.map { test.labels[$0] },
        images: split.test.map { test.images[$0] })
      let unseen = try unseenPredictions(fitted, split: split)
      let measured = ClassificationMetrics(
        try scored.predictions(), training: try publishedTraining(fitted, split, unseen: unseen),
        classSet: configuration.classSet, roles: roles)
      var fold = TransferResult.Fold(
        fold: number, metrics: Dictionary(uniqueKeysWithValues: measured.values.map { ($0, $1) }),
        intervals: [:],
        testImages: scored.images, labels: scored.labels, probabilities: scored.rows,
        trainingCount: configuration.method.isTrained ? split.train.count : 0,
        validationCount: fitted.usesValidation ? split.validation.count : 0,
        overlap: overlap(split, configuration),
        groups: test.grouping.flatMap { grouping in
          grouping.isAsked ? split.test.map { grouping.groups[$0] } : nil
        }, notes: split.notes, external: external.isEmpty ? nil : [:])
      fold.temperature = effect
      try addScores(
        to: &fold, measured: measured, unseen: unseen, resamples: configuration.bootstrapResamples)
      metrics.append(measured)
      for other in external {
        let result = try evaluate(fitted, on: other, fold: number, configuration: configuration)
        fold.external?[other.name] = result.result
        others[other.name, default: []].append(result.metrics)
      }
      try onFold?(
        FittedFold(
          classes: dataset.classes, fold: fold, configuration: configuration, root: test.root,
          fitted: fitted))
      folds.append(fold)
    }
    let summary = FoldSummary(metrics)
    var result = TransferResult(
      experiment: name, method: configuration.method, configuration: configuration,
      classes: dataset.classes, model: model.fingerprint,
      prompt: configuration.method.usesText ? prompt : nil, folds: folds, mean: summary.mean,
      std: summary.standardDeviation, omitted: summary.omitted,
      external: others.isEmpty ? nil : others.mapValues { FoldSummary($0) }, seconds: seconds)
    try addSummary(
      to: &result, metrics: metrics, resamples: configuration.bootstrapResamples)
    return result
  }

  /// All images of an external test set are tested, in the order of a split with the fold's seed.
  private func evaluate(
    _ fitted: FittedMethod, on other: LabeledImages, fold: Int,
    configuration: TransferConfiguration
  ) throws -> (result: TransferResult.External, metrics: ClassificationMetrics) {
    let present = other.classes.indices.filter(other.labels.contains)
    let position = Dictionary(uniqueKeysWithValues: present.enumerated().map { ($1, $0) })
    let order = try DataSplit(
      labels: other.labels.map { position[$0]! }, seed: fold, options: .testAll,
      classNames: present.map { other.classes[$0] }
    ).test
    let scored = Scored(
      try fitted.logits(order.map(other.url)), labels: order.map { other.labels[$0] },
      images: order.map { other.images[$0] })
    let metrics = ClassificationMetrics(
      try scored.predictions(), classSet: configuration.classSet, roles: roles)
    let result = TransferResult.External(
      metrics: Dictionary(uniqueKeysWithValues: metrics.values.map { ($0, $1) }),
      testImages: scored.images, labels: scored.labels, probabilities: scored.rows)
    return (result, metrics)
  }
}
