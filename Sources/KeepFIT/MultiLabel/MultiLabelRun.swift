import Foundation

/// Evaluates methods on images with any number of labels each, fold by fold: each label is predicted
/// independently, with a sigmoid.
///
/// - `zero-shot` compares each label with its absence ("no …").
/// - `linear-probe` fits a logistic regression per label, ``LabelProbes``.
/// - `fine-tune` trains the encoder and a linear classifier with the binary cross-entropy.
///
/// The threshold of each label maximizes F1 on validation images, or is 0.5 without them.
public final class MultiLabelRun {
  /// The methods for several labels per image.
  public static let methods: [TransferMethod] = [.zeroShot, .linearProbe, .fineTune]

  /// The images of the experiment.
  public let data: MultiLabelImages
  /// External test sets with the same labels, tested with every fold's classifier.
  public internal(set) var external: [MultiLabelImages]
  /// The configurations to evaluate.
  public let configurations: [TransferConfiguration]
  /// The prompt template for labels, and its source.
  public let prompt: ClassPrompt
  /// Notes on the data and the options, one sentence each.
  public internal(set) var notes: [String] = []
  /// The handling of unreadable images.
  public var onBadImage = BadImagePolicy.fail
  /// Called with a description of the progress, and a fraction from 0 to 1 if known.
  public var progress: ((_ text: String, _ share: Double?) -> Void)?
  /// The directory to save each fold's adapter to; nil for none.
  public var adapterDirectory: URL?

  let name: String
  let model: any TransferModel
  let source: ImageSource
  let extractor: FeatureExtractor
  let table: Knowledge
  var splits: [[DataSplit]]

  /// Checks data and options and samples the splits.
  /// - Parameters:
  ///   - name: the experiment's name.
  ///   - data: the images.
  ///   - external: external test sets with the same labels.
  ///   - model: the model.
  ///   - source: the loading of images.
  ///   - configurations: the configurations, with sizes of splits in percent.
  ///   - cache: the feature cache; nil for none.
  ///   - knowledge: descriptions of the labels.
  ///   - template: the prompt template; nil for the model's own, or else that of color fundus photographs.
  ///   - batchSize: images per batch.
  /// - Throws: ``TransferError`` for a method or a split that several labels do not allow, or an external test
  ///   set with other labels.
  public init(
    name: String, data: MultiLabelImages, external: [MultiLabelImages] = [],
    model: any TransferModel, source: ImageSource, configurations: [TransferConfiguration],
    cache: FeatureCache? = nil, knowledge: Knowledge = .builtin, template: String? = nil,
    batchSize: Int = 8
  ) throws {
    self.name = name
    self.data = data
    self.external = external
    self.model = model
    self.source = source
    self.configurations = configurations
    table = knowledge
    prompt = ClassPrompt(asked: template, model: model.ownPrompt, modality: .colorFundus)
    extractor = FeatureExtractor(model: model, source: source, cache: cache, batchSize: batchSize)
    for other in external where other.classes != data.classes {
      throw TransferError.invalid(
        "\(other.images.name) has the labels \(other.classes), \(data.images.name) has \(data.classes)"
      )
    }
    guard !configurations.isEmpty else { throw TransferError.invalid("no method to evaluate") }
    let draw = MultiLabelSplit(data: data)
    var splits: [[DataSplit]] = []
    for configuration in configurations {
      let method = configuration.method
      guard Self.methods.contains(method) else {
        throw TransferError.invalid(
          "\(method.rawValue) needs one label per image, but \(data.images.name) has several; use "
            + Self.methods.map(\.rawValue).joined(separator: ", "))
      }
      if method == .zeroShot { for label in data.classes { _ = try ImageClassifier.pair(label) } }
      if method == .fineTune, !(model is any TrainableTransferModel) {
        throw TransferError.invalid("this model cannot be fine-tuned")
      }
      splits.append(try draw.splits(configuration))
    }
    self.splits = splits
    // Two manifests may give the same note.
    var said: Set<String> = []
    notes = (data.images.notes + draw.notes + externalNotes()).filter { said.insert($0).inserted }
  }

  // MARK: - Running

  /// Evaluates every configuration.
  /// - Throws: errors of image loading or fitting.
  public func run() throws -> MultiLabelReport {
    extractor.progress = { [weak self] done, total in
      self?.progress?("encoding images", Double(done) / Double(total))
    }
    defer { extractor.progress = nil }
    let skipped = onBadImage == .skip ? try setBadImagesAside() : []
    var results: [MultiLabelResult] = []
    for (configuration, splits) in zip(configurations, splits) {
      results.append(try evaluate(configuration, splits))
    }
    var report = MultiLabelReport(
      experiment: name, results: results, notes: notes, skipped: skipped)
    progress?("comparing methods", nil)
    report.comparisons = report.paired(
      resamples: configurations.map(\.bootstrapResamples).max() ?? 0)
    return report
  }

  private func evaluate(
    _ configuration: TransferConfiguration, _ splits: [DataSplit]
  ) throws -> MultiLabelResult {
    var folds: [MultiLabelResult.Fold] = []
    var byLabel: [[LabelScores]] = []
    var others: [String: [[LabelScores]]] = [:]
    var seconds = 0.0
    for split in splits {
      progress?("\(configuration.method.rawValue), fold \(folds.count + 1) of \(splits.count)", nil)
      let fitted = try fit(configuration, split, seconds: &seconds)
      defer { if case .tuned(let tuned) = fitted { tuned.restore() } }
      var (fold, scores) = try score(fitted, configuration, split, number: folds.count)
      for other in external {
        let (result, labels) = try score(fitted, configuration, on: other, as: fold)
        fold.external = (fold.external ?? [:]).merging([other.images.name: result]) { $1 }
        others[other.images.name, default: []].append(labels)
      }
      folds.append(fold)
      byLabel.append(scores)
    }
    let summary = FoldSummary(folds.map(\.metrics))
    let labels = data.classes.indices.compactMap { label -> LabelScores? in
      var scores = LabelScores(folds: byLabel.map { $0[label] })
      scores?.addIntervals(
        truth: folds.map { $0.truth(label) }, names: folds.map(\.clusterNames))
      return scores
    }
    return MultiLabelResult(
      experiment: name, method: configuration.method, configuration: configuration,
      classes: data.classes, model: model.fingerprint,
      prompt: configuration.method.usesText ? prompt : nil, folds: folds, mean: summary.mean,
      std: summary.standardDeviation, labels: labels,
      external: externalSummaries(folds, others), seconds: seconds)
  }

  private func score(
    _ fitted: FittedMethod.Content, _ configuration: TransferConfiguration, _ split: DataSplit,
    number: Int
  ) throws -> (MultiLabelResult.Fold, [LabelScores]) {
    let validation = Array(Set(split.validation)).sorted()
    let known =
      try validation.isEmpty
      ? [] : logits(fitted, configuration, validation.map(data.images.url))
    let temperature =
      configuration.fitsTemperature == true && configuration.method.isTrained
      ? TemperatureScaling.fit(logits: known, targets: validation.map { data.targets[$0] }) : nil
    let chosen = Self.probabilities(known, temperature: temperature)
    let thresholds = data.classes.indices.map { label in
      LabelScores.bestThreshold(
        truth: validation.map { data.targets[$0][label] },
        probabilities: chosen.map { Double($0[label]) })
    }
    let rows = Self.probabilities(
      try logits(fitted, configuration, split.test.map(data.images.url)), temperature: temperature)
    let truth = split.test.map { data.targets[$0] }
    let scores = data.classes.indices.map { label in
      LabelScores(
        label: data.classes[label], truth: truth.map { $0[label] },
        probabilities: rows.map { Double($0[label]) }, threshold: thresholds[label])
    }
    try save(
      fitted, configuration, fold: number, thresholds: thresholds, temperature: temperature,
      validation: validation.count)
    return (
      MultiLabelResult.Fold(
        fold: split.seed,
        metrics: MultiLabelMetrics.values(truth: truth, probabilities: rows, scores: scores),
        testImages: split.test.map { data.images.images[$0] },
        labels: truth.map { row in row.map { $0 ? 1 : 0 } }, probabilities: rows,
        thresholds: thresholds, thresholdSource: validation.isEmpty ? .fixed : .validation,
        temperature: temperature,
        trainingCount: configuration.method.isTrained ? split.train.count : 0,
        validationCount: validation.count,
        groups: data.images.grouping.map { grouping in split.test.map { grouping.groups[$0] } }),
      scores
    )
  }
}
