import Foundation

/// The data of a pretraining run and its processing. Stored with the run.
public struct PretrainingInputs: Codable, Sendable, Equatable {
  /// A manifest, or an image folder, with the root directory of its image paths.
  public struct Source: Codable, Sendable, Equatable {
    /// The manifest file.
    public var manifest: String
    /// The root directory of its images.
    public var root: String
    /// The imaging modality of rows that do not state one.
    public var modality: ImagingModality
    /// The columns whose names are known; nil, as in the records of older runs, for none.
    public var columns: ColumnSelection?

    /// Creates a manifest with its root.
    public init(manifest: String, root: String, modality: ImagingModality = .colorFundus) {
      self.manifest = manifest
      self.root = root
      self.modality = modality
    }
  }

  /// The content of the rows of the expert stream.
  public enum ExpertForm: String, Codable, Sendable, CaseIterable {
    /// Captions, used verbatim; each matches only its own image.
    case captions
    /// Categories, inserted into the prompt template; texts match all images of the category.
    case categories
  }

  /// The metric for model selection, if both are measured.
  public enum Monitor: String, Codable, Sendable, CaseIterable {
    /// Retrieval over ``PretrainingInputs/validation``.
    case retrieval
    /// Zero-shot balanced accuracy on ``PretrainingInputs/probes``.
    case zeroShot = "zero-shot"
  }

  /// Labeled images.
  public var labeled: [Source] = []
  /// Expert pairs.
  public var expert: [Source] = []
  /// Image-text pairs for retrieval validation; not used for training.
  public var validation: [Source] = []
  /// Experiments (`.json`) or labeled manifests for zero-shot validation; not used for training. Nil, as in
  /// the records of older runs, means none.
  public var probes: [Source]?
  /// The metric for model selection and early stopping; nil for retrieval if there are validation pairs.
  public var monitor: Monitor?
  /// The content of the expert rows.
  public var expertForm = ExpertForm.captions
  /// The caption language; nil samples one of a row's languages at each access.
  public var captionLanguage: CaptionLanguage? = .english

  /// Held-out categories, whose rows are left out of the labeled stream.
  public var bannedCategories = Manifest.publishedBannedCategories
  /// Whether held-out categories match as substrings (FLAIR) instead of exactly (KeepFIT).
  public var bansSubstrings = false
  /// The fraction of each labeled manifest to use, above 0 and at most 1.
  public var fraction = 1.0
  /// Whether spelling variants of a label are merged.
  public var normalizesLabels = false

  /// Whether rows are shuffled; otherwise both streams are read in manifest order.
  public var isShuffled = true
  /// Whether all labeled datasets are sampled equally often (FLAIR's balance).
  public var isBalanced = false
  /// Whether labeled images are augmented.
  public var isAugmented = true
  /// The knowledge table of label descriptions: `builtin`, `none` or a file.
  public var knowledge = "builtin"
  /// Whether the dataset that the released code meant to exclude from description augmentation is excluded
  /// (see `Knowledge/intendedExclusions`).
  public var usesIntendedExclusions = false
  /// The prompt template for labeled color photographs; nil for the published one.
  public var caption: String?

  /// The image preprocessing; the image size is that of the configuration.
  public var preprocessing = Preprocessing.transfer
  /// The directory of the image cache; nil for none.
  public var cache: String?
  /// The number of image loading threads.
  public var loaderThreads = 2
  /// Whether unreadable images are left out and listed, instead of ending the run.
  public var skipsBadImages = false

  /// The published settings, without data.
  public init() {}
}

extension PretrainingInputs {
  /// Reads the manifests and creates the source of batches.
  ///
  /// - Parameters:
  ///   - configuration: the settings of the run.
  ///   - objective: the loss, which may need expert pairs; nil for the one that the settings name.
  ///   - communicator: the ranks that share the batches.
  /// - Throws: an error that names the file and all its problems.
  public func makeSource(
    _ configuration: PretrainingConfiguration, objective: (any PretrainingObjective)? = nil,
    communicator: any Communicator = SingleProcess()
  ) throws -> PairBatchSource {
    guard !labeled.isEmpty else {
      throw PretrainingError.configuration(
        "labeled images are required: give a manifest (--public)")
    }
    guard fraction > 0, fraction <= 1 else {
      throw PretrainingError.configuration(
        "the fraction of a dataset must be above 0 and at most 1")
    }
    let cache = try cache.map { try ImageCache(directory: URL(filePath: $0)) }
    var images = ImagePipeline(
      preprocessing: preprocessing.with(imageSize: configuration.imageSize),
      augmentation: isAugmented ? .published : nil, cache: cache)
    var options = PairLoader.Options(batchSize: configuration.batchSize, seed: configuration.seed)
    options.rank = communicator.rank
    options.ranks = communicator.size
    options.threads = loaderThreads
    options.onBadImage = skipsBadImages ? .skip : .fail

    let rows = try labeledDataset()
    let labeledLoader = PairLoader(
      dataset: rows, sampler: labeledSampler(rows, configuration, ranks: options.ranks),
      options: options, images: images)
    guard (objective ?? configuration.namedObjective).needsExpertStream else {
      return PairBatchSource(
        labeled: labeledLoader, expert: nil, startEpoch: configuration.startEpoch)
    }
    guard !expert.isEmpty else {
      throw PretrainingError.configuration(
        (objective == nil ? "the objective \(configuration.objective.rawValue)" : "this objective")
          + " needs expert pairs: give a manifest (--expert)")
    }
    // Expert images are never augmented, as published.
    images.augmentation = nil
    options.seed ^= 0x4558_5045_5254  // independent of the labeled stream
    let pairs = try expertDataset()
    let draws = labeledLoader.stepsPerEpoch * configuration.batchSize * options.ranks
    let sampler: any BatchSampler =
      isShuffled
      ? WeightedSampler(count: pairs.count, drawsPerEpoch: draws, seed: options.seed)
      : SequentialSampler(
        count: pairs.count, drawsPerEpoch: draws, firstEpoch: configuration.startEpoch)
    return PairBatchSource(
      labeled: labeledLoader,
      expert: PairLoader(dataset: pairs, sampler: sampler, options: options, images: images),
      startEpoch: configuration.startEpoch)
  }

  /// The validation after each epoch; nil if there is none.
  /// - Parameters:
  ///   - configuration: the settings of the run.
  ///   - unreadable: images to leave out, as found by ``unreadableValidationImages()``.
  /// - Throws: an error that names the manifest and the problem.
  public func makeValidation(
    _ configuration: PretrainingConfiguration, leavingOut unreadable: [SkippedImage] = []
  ) throws -> (any PretrainingValidation)? {
    let left = Set(unreadable.map(\.id))
    let parts = [
      try retrievalValidation(configuration, leavingOut: left),
      try zeroShotValidation(configuration, leavingOut: left),
    ].compactMap { $0 }
    guard !parts.isEmpty else { return nil }
    return CombinedValidation(monitor == .zeroShot ? parts.reversed() : parts)
  }

  private func zeroShotValidation(
    _ configuration: PretrainingConfiguration, leavingOut left: Set<String>
  ) throws -> (any PretrainingValidation)? {
    guard let probes, !probes.isEmpty else { return nil }
    return ZeroShotValidation(
      try probeData().map { ($0.experiment, $0.tested.leavingOut { left.contains($0.path) }) },
      preprocessing: preprocessing.with(imageSize: configuration.imageSize),
      batchSize: configuration.batchSize)
  }

  /// Retrieval validation, which loads the pairs at each call.
  private func retrievalValidation(
    _ configuration: PretrainingConfiguration, leavingOut left: Set<String>
  ) throws -> (any PretrainingValidation)? {
    guard !validation.isEmpty else { return nil }
    let dataset = try PairDataset(
      validationManifests().map { manifest in
        var kept = manifest
        kept.rows = manifest.rows.filter { !left.contains(manifest.imageURL(of: $0).path) }
        return kept
      }, rules: expertRules)
    let options = PairLoader.Options(batchSize: configuration.batchSize, seed: configuration.seed)
    let loader = PairLoader(
      dataset: dataset,
      sampler: SequentialSampler(count: dataset.count, drawsPerEpoch: dataset.count),
      options: options,
      images: ImagePipeline(
        preprocessing: preprocessing.with(imageSize: configuration.imageSize)))
    return RetrievalValidation {
      let stream = loader.batches(epoch: 1, lastEpoch: 1)
      return { try stream.next().map { PretrainingSamples($0) } }
    }
  }

  func validationManifests() throws -> [Manifest] {
    try validation.map { try manifest($0, form: .automatic).rows(of: .validation) }
  }

  func probeData() throws -> [ExperimentData] {
    try (probes ?? []).map { probe in
      let data = try ExperimentData(probe.manifest, imagesRoot: URL(filePath: probe.root))
      try ClassPrompt.checkNames(of: data.tested.classes, use: "--probe \(probe.manifest)")
      return data
    }
  }

  /// The number of rows that are marked as validation or test rows.
  func rowsOutsideTraining(expert needsExpert: Bool) throws -> Int {
    let sources =
      labeled.map { ($0, Manifest.Form.labels) }
      + (needsExpert ? expert.map { ($0, expertContent) } : [])
    return try sources.reduce(0) { count, source in
      let all = try manifest(source.0, form: source.1)
      return try count + all.rows.count - all.rows(of: .train).rows.count
    }
  }

  func labeledManifests() throws -> [Manifest] {
    try labeled.map { try manifest($0, form: .labels).rows(of: .train) }
  }

  func labeledDataset() throws -> PairDataset {
    var manifests = try labeledManifests()
    if normalizesLabels { manifests = manifests.map { $0.normalizingLabels() } }
    if fraction < 1 { manifests = manifests.map { $0.subset(fraction: fraction, seed: 42) } }
    if !bannedCategories.isEmpty {
      manifests = manifests.map {
        $0.withoutCategories(bannedCategories, rule: bansSubstrings ? .substring : .exact)
      }
    }
    var rules = PairTextRules(knowledge: try knowledgeTable())
    rules.exclusions =
      usesIntendedExclusions ? Knowledge.intendedExclusions : Knowledge.publishedExclusions
    if let caption { rules.templates.colorFundus = caption }
    return try PairDataset(manifests, rules: rules)
  }

  func expertDataset() throws -> PairDataset {
    try PairDataset(
      expert.map { try manifest($0, form: expertContent).rows(of: .train) }, rules: expertRules)
  }

  private var expertContent: Manifest.Form { expertForm == .captions ? .captions : .labels }

  /// Descriptions of the expert stream are never augmented, as published.
  private var expertRules: PairTextRules {
    var rules = PairTextRules()
    rules.caption = captionLanguage.map { .language($0) } ?? .any
    if let caption { rules.templates.colorFundus = caption }
    return rules
  }

  private func knowledgeTable() throws -> Knowledge? {
    switch knowledge {
    case "none": nil
    case "builtin": .builtin
    default: try Knowledge(contentsOf: URL(filePath: knowledge))
    }
  }

  private func manifest(_ source: Source, form: Manifest.Form) throws -> Manifest {
    guard FileManager.default.isDirectory(source.root) == true else {
      throw PretrainingError.configuration(
        "\(source.root) is not a directory; it should contain the images of \(source.manifest)")
    }
    return try Manifest(
      contentsOf: URL(filePath: source.manifest), root: URL(filePath: source.root), form: form,
      modality: source.modality, columns: source.columns ?? .init())
  }

  private func labeledSampler(
    _ rows: PairDataset, _ configuration: PretrainingConfiguration, ranks: Int
  ) -> any BatchSampler {
    guard isShuffled else {
      let global = configuration.batchSize * ranks
      let steps = (rows.count + global - 1) / global
      return SequentialSampler(
        count: rows.count, drawsPerEpoch: steps * global, firstEpoch: configuration.startEpoch)
    }
    return isBalanced
      ? UniformDatasetSampler(groups: rows.groups, seed: configuration.seed)
      : ShuffledSampler(count: rows.count, seed: configuration.seed)
  }
}
