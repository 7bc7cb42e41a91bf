import Foundation

/// Where the images and texts of a run come from and what is done with them. Stored with the run.
public struct PretrainingInputs: Codable, Sendable, Equatable {
  /// A manifest with the folder that its paths start from.
  public struct Source: Codable, Sendable, Equatable {
    /// The manifest file.
    public var manifest: String
    /// The folder of its images.
    public var root: String
    /// How the images were taken, where the rows do not say so.
    public var modality: ImagingModality

    /// A manifest with its root.
    public init(manifest: String, root: String, modality: ImagingModality = .colorFundus) {
      self.manifest = manifest
      self.root = root
      self.modality = modality
    }
  }

  /// What the rows of the expert stream are.
  public enum ExpertForm: String, Codable, Sendable, CaseIterable {
    /// A caption for each image, used as it stands; each belongs to its own image only.
    case captions
    /// Categories, put into the template; images of one category belong together.
    case categories
  }

  /// What decides which checkpoint is the best, where both are measured.
  public enum Monitor: String, Codable, Sendable, CaseIterable {
    /// Retrieval over ``PretrainingInputs/validation``.
    case retrieval
    /// Zero-shot accuracy on ``PretrainingInputs/probes``.
    case zeroShot = "zero-shot"
  }

  /// Labeled images.
  public var labeled: [Source] = []
  /// Expert pairs.
  public var expert: [Source] = []
  /// Pairs to measure retrieval with; never trained on.
  public var validation: [Source] = []
  /// Experiments (`.json`) or labeled manifests to classify zero-shot; never trained on. Nil, as in
  /// the records of older runs, means none.
  public var probes: [Source]?
  /// What the best checkpoint and early stopping go by; nil for retrieval where there are pairs.
  public var monitor: Monitor?
  /// What the expert rows are.
  public var expertForm = ExpertForm.captions
  /// The language of captions; nil draws one of those that a row has at each access.
  public var captionLanguage: CaptionLanguage? = .english

  /// Categories whose rows are left out of the labeled stream.
  public var bannedCategories = Manifest.publishedBannedCategories
  /// Whether banned categories are compared in whole (as KeepFIT does) or in part (FLAIR).
  public var bansSubstrings = false
  /// The part of each labeled manifest that is used, above 0 and at most 1.
  public var fraction = 1.0
  /// Whether spellings of a label are made one.
  public var normalizesLabels = false

  /// Whether rows come in random order; otherwise both streams go through their manifests in order.
  public var isShuffled = true
  /// Whether every labeled dataset gives as many images (FLAIR's balance).
  public var isBalanced = false
  /// Whether labeled images are augmented.
  public var isAugmented = true
  /// The knowledge table for the augmentation of descriptions: `builtin`, `none` or a file.
  public var knowledge = "builtin"
  /// Whether the dataset that the release meant to spare the augmentation is spared (see
  /// `Knowledge/intendedExclusions`).
  public var usesIntendedExclusions = false
  /// The sentence for labeled color photographs; nil for the published one.
  public var caption: String?

  /// How files become images. The size is the configuration's.
  public var preprocessing = Preprocessing.transfer
  /// A folder that keeps resized images; nil for none.
  public var cache: String?
  /// Threads that load images.
  public var loaderThreads = 2
  /// Whether images that cannot be read are left out (and listed) instead of ending the run.
  public var skipsBadImages = false

  /// Published settings without any source.
  public init() {}
}

extension PretrainingInputs {
  /// Reads the manifests and prepares to load their images.
  ///
  /// - Throws: an error that names the file and everything wrong with it.
  public func makeSource(
    _ configuration: PretrainingConfiguration, communicator: any Communicator = SingleProcess()
  ) throws -> PairBatchSource {
    guard !labeled.isEmpty else {
      throw PretrainingError.configuration(
        "labeled images are needed: give a manifest (--public)")
    }
    guard fraction > 0, fraction <= 1 else {
      throw PretrainingError.configuration("the used part of a dataset must lie in 0...1, above 0")
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
    guard configuration.objective.objective().needsExpertStream else {
      return PairBatchSource(
        labeled: labeledLoader, expert: nil, startEpoch: configuration.startEpoch)
    }
    guard !expert.isEmpty else {
      throw PretrainingError.configuration(
        "the objective \(configuration.objective.rawValue) needs expert pairs: give a manifest "
          + "(--expert)")
    }
    // Expert images are never augmented, as published.
    images.augmentation = nil
    options.seed ^= 0x4558_5045_5254  // draws of its own, not those of the labeled stream
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

  /// What is measured after each epoch; nil when there is nothing.
  /// - Parameters:
  ///   - configuration: the settings of the run.
  ///   - unreadable: images that are left out, as ``unreadableValidationImages()`` finds them.
  /// - Throws: what is wrong with a manifest, naming it.
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

  /// The pairs are loaded anew at each call.
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
    try validation.map { try manifest($0, form: .automatic) }
  }

  func probeData() throws -> [ExperimentData] {
    try (probes ?? []).map { try ExperimentData($0.manifest, imagesRoot: URL(filePath: $0.root)) }
  }

  func labeledManifests() throws -> [Manifest] {
    try labeled.map { try manifest($0, form: .labels) }
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
    var rules = ReportRules(knowledge: try knowledgeTable())
    rules.exclusions =
      usesIntendedExclusions ? Knowledge.intendedExclusions : Knowledge.publishedExclusions
    if let caption { rules.templates.colorFundus = caption }
    return try PairDataset(manifests, rules: rules)
  }

  func expertDataset() throws -> PairDataset {
    let form: Manifest.Form = expertForm == .captions ? .captions : .labels
    return try PairDataset(expert.map { try manifest($0, form: form) }, rules: expertRules)
  }

  /// Descriptions of the expert stream are never augmented, as published.
  private var expertRules: ReportRules {
    var rules = ReportRules()
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
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: source.root, isDirectory: &isFolder),
      isFolder.boolValue
    else {
      throw PretrainingError.configuration(
        "\(source.root) is no folder; it should hold the images of \(source.manifest)")
    }
    return try Manifest(
      contentsOf: URL(filePath: source.manifest), root: URL(filePath: source.root), form: form,
      modality: source.modality)
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
