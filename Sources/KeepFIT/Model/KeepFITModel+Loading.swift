import Foundation

extension KeepFITModel {
  /// File names of weights in a model directory, in search order.
  static let weightFiles = [
    "model.safetensors", "model.safetensors.index.json", "model.pth", "model.pt",
    "pytorch_model.bin", "pytorch_model.bin.index.json",
  ]

  /// Loads a model directory or a checkpoint file. Weights are memory-mapped, not copied.
  ///
  /// - Parameters:
  ///   - url: a directory with `config.json`, `vocab.txt` and weights (`model.safetensors`, or
  ///     PyTorch's), or a single `.pth`, `.pt`, `.bin` or `.safetensors` file of KeepFIT or FLAIR, from whose
  ///     shapes the sizes are inferred (text heads of 64 channels; FLAIR by the absence of `attention.*`).
  ///   - vocabulary: the `vocab.txt`; nil for the one in the directory or next to the file.
  /// - Throws: `CheckpointError` or `VocabularyError` that names the file and what is wrong.
  public static func load(_ url: URL, vocabulary: URL? = nil) throws -> KeepFITModel {
    guard let isDirectory = FileManager.default.isDirectory(url.path) else {
      throw CheckpointError(.unreadable, file: url.relativePath, "does not exist")
    }
    guard isDirectory else {
      return try load(
        weights: url, configuration: nil, vocabulary: vocabulary,
        directory: url.deletingLastPathComponent())
    }
    let files = weightFiles.map { url.appending(path: $0) }
    guard let weights = files.first(where: { FileManager.default.fileExists(atPath: $0.path) })
    else {
      throw CheckpointError(
        .unreadable, file: url.relativePath,
        "contains no weights: none of \(weightFiles.joined(separator: ", ")) exists")
    }
    let configuration = url.appending(path: "config.json")
    return try load(
      weights: weights,
      configuration: FileManager.default.fileExists(atPath: configuration.path)
        ? configuration : nil,
      vocabulary: vocabulary, directory: url)
  }

  private static func load(
    weights: URL, configuration file: URL?, vocabulary: URL?, directory: URL
  ) throws -> KeepFITModel {
    let state = try StateDictionary(contentsOf: weights).normalized()
    var shape = try CheckpointShape(state)
    if let file { shape.configuration = try configuration(at: file, inferred: shape) }
    let vocabularyFile = vocabulary ?? directory.appending(path: "vocab.txt")
    guard FileManager.default.fileExists(atPath: vocabularyFile.path) else {
      throw CheckpointError(
        .unreadable, file: vocabularyFile.relativePath,
        vocabulary == nil
          ? "does not exist; give the model's vocabulary with --vocab" : "does not exist")
    }
    let model = try KeepFITModel(
      shape.configuration, vocabulary: Vocabulary(contentsOf: vocabularyFile),
      initialization: .placeholder, hasAttention: shape.hasAttention, hasFusion: shape.hasFusion,
      source: state.source)
    try model.load(state)
    model.batchesTracked = try batchesTracked(in: state)
    return model
  }

  /// The `config.json` of this package, or the constructor arguments in FLAIR's published directory.
  private static func configuration(
    at url: URL, inferred: CheckpointShape
  ) throws -> KeepFITConfiguration {
    let file = try MappedFile(contentsOf: url)
    guard file.count <= 1 << 20 else {
      throw CheckpointError(
        .malformed, file: file.name, "has \(file.count) bytes, more than the limit of \(1 << 20)")
    }
    let bytes = file.bytes(in: 0..<file.count)
    guard let value = try? JSONValue(parsing: bytes), value["vision_type"] != nil else {
      return try KeepFITConfiguration(json: bytes, source: file.name)
    }
    var result = inferred.configuration
    if let caption = value["caption"]?.text { result.caption = caption }
    if let flag = value["norm_features"]?.bool { result.normalizesFeatures = flag }
    if let size = value["image_size"]?.integer, size > 0 {
      result.imageSize = size
      result.preprocessing.imageSize = size
    }
    return result
  }

  /// The number of batches that each batch norm has seen, which is not used here but is saved for PyTorch.
  static func batchesTracked(in state: StateDictionary) throws -> [String: Int] {
    var result: [String: Int] = [:]
    for tensor in state.tensors
    where tensor.name.hasSuffix(".num_batches_tracked") && tensor.count == 1 {
      if !tensor.elementType.isFloatingPoint { result[tensor.name] = try tensor.integers()[0] }
    }
    return result
  }

  // MARK: - Starting points

  /// Loads the image encoder from another checkpoint: a torchvision ResNet file (names without prefix; its
  /// classifier `fc.*` is ignored), or a KeepFIT or FLAIR file.
  ///
  /// - Throws: `CheckpointError` that names what does not fit.
  public func loadVisionWeights(_ url: URL) throws {
    let state = try Self.startingPoint(url).normalized()
    let prefix = ["vision_model.model.", "model.", "backbone.", "resnet."].first { prefix in
      state[prefix + "conv1.weight"] != nil
    }
    let part = prefix.map { state.dropping(prefix: $0) } ?? state
    try vision.load(part, rules: LoadingRules(mayIgnore: { $0.hasPrefix("fc.") }))
    for (name, count) in try Self.batchesTracked(in: part) {
      batchesTracked["vision_model.model." + name] = count
    }
  }

  /// Loads the text encoder from another checkpoint: a Hugging Face BERT file such as Bio_ClinicalBERT (names
  /// with or without `bert.`; its language-model head `cls.*` is ignored), or a KeepFIT or FLAIR file. The
  /// pooler, which is not used, may be missing.
  ///
  /// - Throws: `CheckpointError` that names what does not fit.
  public func loadTextWeights(_ url: URL) throws {
    let state = try Self.startingPoint(url).normalized()
    let prefix = ["text_model.model.", "bert.", "model."].first { prefix in
      state[prefix + "embeddings.word_embeddings.weight"] != nil
    }
    let part = prefix.map { state.dropping(prefix: $0) } ?? state
    try text.load(
      part,
      rules: LoadingRules(
        mayLack: { $0.hasPrefix("pooler.") }, mayIgnore: { $0.hasPrefix("cls.") }))
  }

  /// A checkpoint file, or the weights in a directory of Hugging Face layout.
  private static func startingPoint(_ url: URL) throws -> StateDictionary {
    if FileManager.default.isDirectory(url.path) == true {
      let files = weightFiles.map { url.appending(path: $0) }
      if let file = files.first(where: { FileManager.default.fileExists(atPath: $0.path) }) {
        return try StateDictionary(contentsOf: file)
      }
    }
    return try StateDictionary(contentsOf: url)
  }
}
