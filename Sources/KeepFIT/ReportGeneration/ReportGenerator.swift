import Foundation

/// A model that generates reports of angiography images, with its vocabulary: the content of a report model
/// directory.
public struct ReportGenerator {
  /// The network.
  public let model: ReportModel
  /// The words by id.
  public let vocabulary: ReportVocabulary
  /// The configuration.
  public private(set) var configuration: ReportGeneratorConfiguration

  private static let weightsName = "model.safetensors"
  private static let vocabularyName = "vocabulary.txt"
  private static let configurationName = "config.json"
  private static let cardName = "README.md"
  /// The metadata key of the digest of the vocabulary that the weights were trained with.
  private static let vocabularyDigest = "vocabulary_sha256"

  /// Creates an initialized model.
  /// - Parameters:
  ///   - configuration: the configuration.
  ///   - vocabulary: the vocabulary.
  ///   - initialization: the initialization of the parameters.
  /// - Throws: `CheckpointError` for an invalid configuration.
  public init(
    _ configuration: ReportGeneratorConfiguration, vocabulary: ReportVocabulary,
    initialization: Initialization
  ) throws {
    try self.init(
      configuration, vocabulary: vocabulary, initialization: initialization, source: "the model")
  }

  private init(
    _ configuration: ReportGeneratorConfiguration, vocabulary: ReportVocabulary,
    initialization: Initialization, source: String
  ) throws {
    let sizes = configuration.sizes(vocabularySize: vocabulary.idCount)
    guard configuration.problem == nil, let sizes, sizes.problem == nil else {
      let problem = configuration.problem ?? sizes?.problem ?? "the architecture is unknown"
      throw CheckpointError(.malformed, file: source, problem)
    }
    self.configuration = configuration
    self.vocabulary = vocabulary
    model = ReportModel(sizes, initialization: initialization)
  }

  /// Changes how image files are decoded. Saved with the model.
  /// - Parameters:
  ///   - appliesOrientation: whether the EXIF orientation is applied; nil for no change.
  ///   - deepGray: the conversion of 16-bit gray images; nil for no change.
  public mutating func readImages(
    appliesOrientation: Bool? = nil, deepGray: DecodingOptions.DeepGray? = nil
  ) {
    if let appliesOrientation { configuration.appliesOrientation = appliesOrientation }
    if let deepGray { configuration.deepGray = deepGray }
  }

  /// Reads image files as the model needs them.
  /// - Parameter files: N files; at least one.
  /// - Returns: `[N, S, S, 3]`, S the image size of the ``configuration``.
  /// - Throws: `ImageError` for the first file that cannot be used.
  public func prepare(contentsOf files: [URL]) throws -> Tensor {
    try ReportImages.prepare(
      contentsOf: files, imageSize: configuration.imageSize,
      decoding: configuration.imageDecoding)
  }

  // MARK: Directories

  /// Loads a model directory. Weights are memory-mapped, not copied.
  ///
  /// - Parameter url: a directory with `config.json`, `vocabulary.txt` and `model.safetensors`.
  /// - Throws: `CheckpointError` or `VocabularyError` that names the file and what is wrong: a file that
  ///   is missing, the configuration of another kind of model, a vocabulary of another model, weights
  ///   that are missing, unexpected, of another shape or not finite.
  public static func load(_ url: URL) throws -> ReportGenerator {
    guard let isDirectory = FileManager.default.isDirectory(url.path) else {
      throw CheckpointError(.unreadable, file: url.relativePath, "does not exist")
    }
    guard isDirectory else {
      throw CheckpointError(
        .unreadable, file: url.relativePath,
        "is a file, expected the directory of a report model ('keepfit reports init' creates one)"
      )
    }
    func file(_ name: String) throws -> URL {
      let file = url.appending(path: name)
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw CheckpointError(
          .unreadable, file: url.relativePath,
          "contains no \(name); a report model has \(configurationName), \(vocabularyName) and "
            + weightsName)
      }
      return file
    }
    let mapped = try MappedFile(contentsOf: try file(configurationName))
    guard mapped.count <= 1 << 20 else {
      throw CheckpointError(
        .malformed, file: mapped.name,
        "has \(mapped.count) bytes, more than the limit of \(1 << 20)"
      )
    }
    var configuration = try ReportGeneratorConfiguration(
      json: mapped.bytes(in: 0..<mapped.count), source: mapped.name)
    let vocabulary = try ReportVocabulary(contentsOf: try file(vocabularyName))
    let state = try StateDictionary(contentsOf: try file(weightsName)).normalized()
    if configuration.vision.width == nil,
      let stem = state["visual_extractor.model.0.weight"], stem.shape.count == 4,
      (1...4096).contains(stem.shape[0])
    {
      configuration.vision.width = stem.shape[0] == 64 ? nil : stem.shape[0]
    }
    if let digest = state.metadata[vocabularyDigest], digest != Self.digest(of: vocabulary) {
      throw CheckpointError(
        .mismatch, file: url.appending(path: vocabularyName).relativePath,
        "is not the vocabulary that \(weightsName) was trained with")
    }
    let generator = try ReportGenerator(
      configuration, vocabulary: vocabulary, initialization: .placeholder, source: mapped.name)
    try generator.model.loadWeights(state)
    return generator
  }

  /// Writes a model directory: `config.json`, `vocabulary.txt`, a model card if there is one, and
  /// `model.safetensors` last.
  ///
  /// - Parameters:
  ///   - directory: created if it does not exist.
  ///   - metadata: strings to save with the weights.
  ///   - card: the text of `README.md`; nil for none.
  ///   - force: whether existing files may be replaced.
  /// - Throws: `CheckpointError` (`exists`, `unwritable`).
  public func save(
    to directory: URL, metadata: [String: String] = [:], card: String? = nil, force: Bool = false
  ) throws {
    let names =
      [Self.configurationName, Self.vocabularyName] + (card == nil ? [] : [Self.cardName])
      + [Self.weightsName]
    try ModelDirectory.prepare(directory, for: names, force: force)
    func write(_ text: String, _ name: String) throws {
      try AtomicFile.write(text, to: directory.appending(path: name), force: force)
    }
    try write(configuration.json, Self.configurationName)
    try write(vocabulary.fileText, Self.vocabularyName)
    if let card { try write(card, Self.cardName) }
    try Safetensors.write(
      model.checkpointEntries(),
      metadata: ["format": "pt", Self.vocabularyDigest: Self.digest(of: vocabulary)]
        .merging(metadata) { $1 },
      to: directory.appending(path: Self.weightsName), force: force)
  }

  private static func digest(of vocabulary: ReportVocabulary) -> String {
    SHA256.hexDigest(Array(vocabulary.fileText.utf8))
  }
}
