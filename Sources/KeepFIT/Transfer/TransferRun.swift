import Foundation

/// Evaluates methods on an experiment, fold by fold.
///
/// Everything that can be wrong with options and data is found when a run is made, before a single
/// picture is encoded.
public final class TransferRun {
  /// The experiment's pictures.
  public let pictures: LabelledPictures
  /// With an official split: the test pictures.
  public let officialTest: LabelledPictures?
  /// Other manifests with the same classes, tested with every fold's classifier.
  public let external: [LabelledPictures]
  /// What is evaluated.
  public let configurations: [TransferConfiguration]
  /// Told about encoding and fitting, in words, with a share from 0 to 1 where it is known.
  public var progress: ((_ text: String, _ share: Double?) -> Void)?
  /// Where to save each fold's adapter, below `<method>-<shots>/fold<number>`; nil for nowhere.
  public var adapterDirectory: URL?
  /// Told about every fold while its classifier is in place.
  public var onFold: ((FittedFold) throws -> Void)?

  /// What the classes mean to each other.
  public let roles: ClassRoles

  let name: String
  let model: any TransferModel
  let source: PictureSource
  let extractor: FeatureExtractor
  private let table: Knowledge
  private let template: String
  private let splits: [[DataSplit]]

  /// Checks data and options and draws the splits.
  ///
  /// - `cache`: where features are kept between runs; nil for nowhere.
  /// - `knowledge`: descriptions of the classes; `Knowledge/none` for the plain names.
  /// - `template`: the prompt, with `[CLS]` for the description; nil for the modality's.
  /// - `batchSize`: pictures encoded at once.
  /// - Throws: ``TransferError`` for classes that a split leaves empty or that have too few pictures,
  ///   nothing to test, methods that the model or the options do not allow, or manifests whose
  ///   classes differ.
  public init(
    experiment: Experiment, pictures: LabelledPictures, officialTest: LabelledPictures? = nil,
    external: [LabelledPictures] = [], model: any TransferModel, source: PictureSource,
    configurations: [TransferConfiguration], cache: FeatureCache? = nil,
    knowledge: Knowledge = .builtin, template: String? = nil, batchSize: Int = 8
  ) throws(TransferError) {
    name = experiment.name
    roles = try ClassRoles(experiment, classes: pictures.classes)
    self.pictures = pictures
    self.officialTest = officialTest
    self.external = external
    self.model = model
    self.source = source
    self.configurations = configurations
    table = knowledge
    self.template = template ?? ReportTemplates.inference[experiment.modality]
    guard self.template.contains("[CLS]") else {
      throw .invalid("the prompt '\(self.template)' has no [CLS] for the class")
    }
    for other in external + (officialTest.map { [$0] } ?? [])
    where other.classes != pictures.classes {
      throw .invalid(
        "\(other.name) has the classes \(other.classes), \(pictures.name) has \(pictures.classes)")
    }
    guard !configurations.isEmpty else { throw .invalid("no method to evaluate") }
    var splits: [[DataSplit]] = []
    for configuration in configurations {
      try Self.check(configuration, model: model, hasOfficialTest: officialTest != nil)
      let folds = try Self.splits(configuration, pictures: pictures, officialTest: officialTest)
      if !configuration.acceptsSmallerParts, let note = folds.lazy.flatMap(\.notes).first {
        throw .invalid("\(note): ask for fewer, or allow fewer (--allow-fewer)")
      }
      splits.append(folds)
    }
    self.splits = splits
    extractor = FeatureExtractor(
      model: model, source: source, cache: cache, batchSize: batchSize)
  }

  private static func check(
    _ configuration: TransferConfiguration, model: any TransferModel, hasOfficialTest: Bool
  ) throws(TransferError) {
    let method = configuration.method
    if configuration.folds < 1 { throw .invalid("at least one fold, not \(configuration.folds)") }
    if method.usesText && !configuration.projects {
      throw .invalid(
        "\(method.rawValue) compares pictures with texts and needs projected features; leave out "
          + "--no-projection")
    }
    if method.isTrained && configuration.split.train.isZero {
      throw .invalid("\(method.rawValue) is trained: it needs training pictures")
    }
    if configuration.split.test.isZero && !hasOfficialTest {
      throw .invalid("nothing would be tested: the split leaves no test pictures")
    }
    if method == .fineTune && !(model is any TrainableTransferModel) {
      throw .invalid("this model cannot be fine-tuned")
    }
  }

  private static func splits(
    _ configuration: TransferConfiguration, pictures: LabelledPictures,
    officialTest: LabelledPictures?
  ) throws(TransferError) -> [DataSplit] {
    var options = configuration.split
    var result: [DataSplit] = []
    if let officialTest {
      let test = Array(0..<officialTest.count)
      // All pictures in the manifest's order, unless a number of shots is asked for.
      if options.train == .percent(100) || !configuration.method.isTrained {
        result = [DataSplit(train: Array(0..<pictures.count), test: test, seed: 0)]
        if configuration.method.isTrained {
          for (label, name) in pictures.classes.enumerated()
          where !pictures.labels.contains(label) {
            throw .emptyClass(
              label: name, part: "train on", reason: "no row of the manifest has this label")
          }
        }
        return result
      }
      options.test = .percent(0)
      for fold in 0..<configuration.folds {
        var split = try DataSplit(
          labels: pictures.labels, seed: fold, options: options, classNames: pictures.classes)
        split.test = test
        result.append(split)
      }
      return result
    }
    if !configuration.method.isTrained {
      options.train = .percent(0)
      options.validation = .percent(0)
    }
    for fold in 0..<configuration.folds {
      result.append(
        try DataSplit(
          labels: pictures.labels, seed: fold, options: options, classNames: pictures.classes))
    }
    return result
  }

  /// Evaluates every configuration.
  /// - Throws: what loading a picture or fitting throws.
  public func run() throws -> TransferReport {
    extractor.progress = { [weak self] done, total in
      self?.progress?("encoding pictures", Double(done) / Double(total))
    }
    defer { extractor.progress = nil }
    let knowledge =
      try configurations.contains { $0.method.usesText }
      ? model.knowledge(of: pictures.classes, table: table, template: template) : nil
    var results: [TransferResult] = []
    for (configuration, splits) in zip(configurations, splits) {
      results.append(try evaluate(configuration, splits: splits, knowledge: knowledge))
    }
    return TransferReport(experiment: name, results: results)
  }

  private func evaluate(
    _ configuration: TransferConfiguration, splits: [DataSplit], knowledge: ClassKnowledge?
  ) throws -> TransferResult {
    var folds: [TransferResult.Fold] = []
    var metrics: [ClassificationMetrics] = []
    var others: [String: [ClassificationMetrics]] = [:]
    var seconds = 0.0
    for (number, split) in splits.enumerated() {
      let label = "\(configuration.method.rawValue), \(configuration.split.train) to train"
      progress?("\(label), fold \(number + 1) of \(splits.count)", nil)
      let fitted = try fit(configuration, split: split, knowledge: knowledge, seconds: &seconds)
      defer { fitted.finish() }
      try save(fitted, configuration: configuration, fold: number)

      let test = officialTest ?? pictures
      let logits = try fitted.logits(split.test.map(test.url))
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
        trainingCount: configuration.method.isTrained ? split.train.count : 0, notes: split.notes,
        external: external.isEmpty ? nil : [:])
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
          classes: pictures.classes, fold: fold, configuration: configuration, root: test.root,
          fitted: fitted))
      folds.append(fold)
    }
    let summary = FoldSummary(metrics)
    var result = TransferResult(
      experiment: name, method: configuration.method, configuration: configuration,
      classes: pictures.classes, model: model.fingerprint, folds: folds, mean: summary.mean,
      std: summary.standardDeviation, omitted: summary.omitted,
      external: others.isEmpty ? nil : others.mapValues { FoldSummary($0) }, seconds: seconds)
    try addSummary(
      to: &result, metrics: metrics, resamples: configuration.bootstrapResamples)
    return result
  }

  /// An external manifest is tested whole, in the order of a split with the fold's seed.
  private func evaluate(
    _ fitted: FittedMethod, on other: LabelledPictures, fold: Int,
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
