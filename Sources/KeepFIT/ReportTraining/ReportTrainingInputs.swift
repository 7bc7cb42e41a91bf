import Foundation

/// The data of a report training run and its processing. Stored with the run.
public struct ReportTrainingInputs: Codable, Sendable, Equatable {
  /// The annotation of FFA-IR, or another file that `ReportStudies` reads.
  public var studies = ""
  /// The root directory of its image paths.
  public var studiesRoot = ""
  /// Manifests of captioned angiograms that are mixed in, such as MM-Retinal's.
  public var expert: [PretrainingInputs.Source] = []
  /// Whether samples are shuffled; otherwise the list is read in order, as published.
  public var isShuffled = true
  /// Whether training uses random crops; otherwise full images, as in validation.
  public var isAugmented = true
  /// Whether random crops are flipped.
  public var isMirrored = true
  /// The number of image loading threads.
  public var loaderThreads = 2
  /// Whether images that are missing or cannot be read are left out (and listed) instead of ending the
  /// run.
  public var skipsBadImages = false
  /// Whether the EXIF orientation of images is applied; nil, as in the records of older runs, for the model's
  /// choice.
  public var appliesOrientation: Bool?
  /// The conversion of 16-bit gray images; nil, as in the records of older runs, for the model's choice.
  public var deepGray: DecodingOptions.DeepGray?

  /// Settings without any source.
  public init() {}
}

extension ReportTrainingInputs {
  /// The training and validation samples of a run.
  public struct Data: Sendable {
    /// The mixed list, in the published order.
    public let training: [ReportSample]
    /// Every image of the validation split; empty unless asked for.
    public let validation: [ReportSample]
    /// The images that do not exist and were left out.
    public let missing: [SkippedImage]
    /// A summary of the data, one sentence each.
    public let sentences: [String]
  }

  /// Reads the files and checks that their images exist.
  /// - Parameter needsValidation: whether the validation split is wanted.
  /// - Throws: `TextFileError` that names a file and what is wrong in it; ``PretrainingError`` for a root
  ///   that is no folder, and for missing images unless ``skipsBadImages`` is on.
  public func read(needsValidation: Bool) throws -> Data {
    try Self.checkFolder(studiesRoot, of: studies)
    let file = try ReportStudies(contentsOf: URL(filePath: studies))
    let root = URL(filePath: studiesRoot)
    let cases = try file.studies(.train)
    let first = ReportSamples(images: cases, root: root)
    var second: [ReportSample] = []
    var missing = first.missing
    var rows = 0
    var left = 0
    for source in expert {
      try Self.checkFolder(source.root, of: source.manifest)
      let all = try Manifest(
        contentsOf: URL(filePath: source.manifest), root: URL(filePath: source.root),
        form: .captions, modality: .angiography)
      let manifest = try all.rows(of: .train)
      left += all.rows.count - manifest.rows.count
      let samples = try ReportSamples(captions: manifest)
      second += samples.samples
      missing += samples.missing
      rows += manifest.rows.count
    }
    let validation =
      needsValidation
      ? ReportSamples(images: try file.studies(.validation), root: root)
      : ReportSamples(samples: [])
    missing += validation.missing
    try check(missing: missing, first: first, second: second, validation, needsValidation)
    let training = ReportSamples.alternating(first.samples, second)
    var sentences = [
      "\(counted(cases.count, "training case")) with "
        + "\(counted(first.samples.count, "image")) of \(studies)"
    ]
    if !expert.isEmpty {
      sentences.append(
        "\(counted(second.count, "captioned image")) of \(counted(rows, "row")) of --expert, "
          + "alternating: \(training.count) samples an epoch")
    }
    if left > 0 {
      sentences.append(
        "\(counted(left, "row")) of --expert \(left == 1 ? "is" : "are") marked val or test in the column "
          + "'split' and \(left == 1 ? "is" : "are") not used for training")
    }
    if needsValidation {
      sentences.append(
        "\(counted(validation.samples.count, "image")) of the validation split")
    }
    return Data(
      training: training, validation: validation.samples, missing: missing, sentences: sentences)
  }

  private func check(
    missing: [SkippedImage], first: ReportSamples, second: [ReportSample],
    _ validation: ReportSamples, _ needsValidation: Bool
  ) throws {
    if let image = missing.first, !skipsBadImages {
      throw PretrainingError.configuration(
        image.reason
          + (missing.count > 1 ? ", and \(missing.count - 1) more images are missing" : "")
          + "; --on-bad-image skip leaves them out")
    }
    let empty: String? =
      first.samples.isEmpty
      ? studies
      : !expert.isEmpty && second.isEmpty
        ? expert[0].manifest
        : needsValidation && validation.samples.isEmpty
          ? "the validation split of \(studies)" : nil
    if let empty {
      throw PretrainingError.configuration(
        "\(empty): none of its images exists; the first: \(missing.first?.reason ?? "none")")
    }
  }

  private static func checkFolder(_ path: String, of file: String) throws {
    guard FileManager.default.isDirectory(path) == true else {
      throw PretrainingError.configuration(
        "\(path) is not a directory; it should contain the images of \(file)")
    }
  }

  /// A loader of training batches.
  /// - Parameters:
  ///   - samples: the mixed list.
  ///   - configuration: the settings of the run.
  ///   - imageSize: the side of the images in pixels.
  ///   - communicator: the ranks that share the draws.
  public func loader(
    _ samples: [ReportSample], _ configuration: ReportTrainingConfiguration, imageSize: Int,
    communicator: any Communicator = SingleProcess()
  ) -> ReportLoader {
    var options = PairLoader.Options(batchSize: configuration.batchSize, seed: configuration.seed)
    options.rank = communicator.rank
    options.ranks = communicator.size
    options.threads = loaderThreads
    options.onBadImage = skipsBadImages ? .skip : .fail
    var view = isAugmented ? ReportTrainingView(imageSize: imageSize) : nil
    if !isMirrored { view?.flipProbability = 0 }
    let sampler: any BatchSampler =
      isShuffled
      ? ShuffledSampler(count: samples.count, seed: configuration.seed)
      : ListSampler(count: samples.count)
    var loader = ReportLoader(
      samples: samples, sampler: sampler, options: options, imageSize: imageSize, view: view)
    loader.decoding.appliesOrientation = appliesOrientation ?? false
    loader.decoding.deepGray = deepGray ?? .clipped
    return loader
  }
}
