import Foundation

/// The architecture of a KeepFIT model and the preprocessing of its images and texts: the content of
/// `config.json` in a model directory.
public struct KeepFITConfiguration: Codable, Sendable, Equatable {
  /// The image encoder.
  public struct Vision: Codable, Sendable, Equatable {
    /// `resnet18`, `resnet34`, `resnet50` or `resnet101`.
    public var architecture = "resnet50"
    /// The number of channels of the first stage.
    public var width = 64

    /// An image encoder, by default of the published width.
    public init(architecture: String = "resnet50", width: Int = 64) {
      self.architecture = architecture
      self.width = width
    }

    /// Decodes a `vision` object; `width` is optional.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      architecture = try values.decodeIfPresent(String.self, forKey: .architecture) ?? architecture
      width = try values.decodeIfPresent(Int.self, forKey: .width) ?? width
    }

    /// The network configuration, or nil for an unknown name.
    public var network: ResNetConfiguration? {
      guard var network = ResNetConfiguration(named: architecture), width > 0 else { return nil }
      network.width = width
      return network
    }
  }

  /// The image encoder.
  public var vision = Vision()
  /// The text encoder, with the keys of Hugging Face's `BertConfig`.
  public var text = BertConfiguration.base
  /// The dimension D of the joint embedding space.
  public var projectionDimension = 512
  /// The image size of the model in pixels.
  public var imageSize = 512
  /// The prompt template, in which `[CLS]` is replaced by a label.
  public var caption = PromptTemplates.inference.colorFundus
  /// How token embeddings are pooled into one vector.
  public var textPooling = TextPooling.allPositions
  /// Whether texts are lowercased and accents are removed.
  public var lowercase = true
  /// The maximum text length in tokens: 256 for KeepFIT, 77 for FLAIR.
  public var maximumTextLength = 256
  /// Whether features are normalized to unit length before and after the projection.
  public var normalizesFeatures = true
  /// The image preprocessing.
  public var preprocessing = Preprocessing.transfer

  enum CodingKeys: String, CodingKey, CaseIterable {
    case vision, text, caption, lowercase, preprocessing
    case projectionDimension = "projection_dim"
    case imageSize = "image_size"
    case textPooling = "text_pooling"
    case maximumTextLength = "max_text_length"
    case normalizesFeatures = "norm_features"
  }

  /// The published KeepFIT: ResNet-50, Bio_ClinicalBERT, 512 dimensions.
  public init() {}

  /// Decodes a configuration; missing keys have the values of ``init()``.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
      value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
    }
    try read(.vision, &vision)
    try read(.text, &text)
    try read(.projectionDimension, &projectionDimension)
    try read(.imageSize, &imageSize)
    try read(.caption, &caption)
    try read(.textPooling, &textPooling)
    try read(.lowercase, &lowercase)
    try read(.maximumTextLength, &maximumTextLength)
    try read(.normalizesFeatures, &normalizesFeatures)
    preprocessing = Preprocessing.transfer
    try read(.preprocessing, &preprocessing)
    preprocessing.imageSize = imageSize
  }

  /// Parses the bytes of a `config.json`.
  /// - `source`: a name for error messages.
  /// - Throws: `CheckpointError` that names the key, also for unknown keys.
  public init(json: [UInt8], source: String) throws {
    self = try ConfigurationFile.decode(
      Self.self, json: json, source: source,
      others: [
        "": ["model_type"], "text": BertConfiguration.otherNames,
        "preprocessing": Preprocessing.formerKeys,
      ]
    ) { value in
      BertConfiguration.fixedValues.first { name, only in
        value["text"]?[name].map { $0 != only } ?? false
      }.map { "'text.\($0.name)' must be as in the BERT encoder, or omitted" }
    }
    if let problem { throw CheckpointError(.malformed, file: source, problem) }
  }

  /// The first invalid value, or nil.
  var problem: String? {
    guard (1...4096).contains(vision.width), vision.network != nil else {
      return "vision.architecture '\(vision.architecture.quotable(limit: 40))' of width "
        + "\(vision.width) is unknown; known architectures are "
        + ResNetConfiguration.named.map(\.name).joined(separator: ", ")
    }
    if !(1...65536).contains(projectionDimension) {
      return "projection_dim \(projectionDimension) is out of range"
    }
    if !(1...32768).contains(imageSize) { return "image_size \(imageSize) is out of range" }
    if !(2...text.maximumPositions).contains(maximumTextLength) {
      return "max_text_length \(maximumTextLength) must be from 2 to max_position_embeddings "
        + "\(text.maximumPositions)"
    }
    return nil
  }

  /// The text of a `config.json`.
  public var json: String { ConfigurationFile.text(of: self) }
}

// MARK: - Presets

extension KeepFITConfiguration {
  /// Presets of model sizes.
  public enum Preset: String, Sendable, CaseIterable {
    /// The published architecture: ResNet-50 and BERT base, 134 million parameters.
    case base
    /// ResNet-18 and a text encoder of four layers of width 256, for experiments on a small machine.
    case small
    /// A narrow ResNet-18 and a text encoder of two layers of width 128, for demonstrations and tests.
    case tiny
  }

  /// The configuration of a preset. The vocabulary size is set by the model's vocabulary.
  public init(_ preset: Preset) {
    self.init()
    switch preset {
    case .base: break
    case .small:
      vision = Vision(architecture: "resnet18")
      text.hiddenSize = 256
      text.layerCount = 4
      text.headCount = 4
      text.intermediateSize = 1024
      text.maximumPositions = 256
      projectionDimension = 256
      imageSize = 256
    case .tiny:
      vision = Vision(architecture: "resnet18", width: 16)
      text.hiddenSize = 128
      text.layerCount = 2
      text.headCount = 2
      text.intermediateSize = 256
      text.maximumPositions = 128
      maximumTextLength = 128
      projectionDimension = 64
      imageSize = 128
    }
    if preset != .base { text.vocabularySize = Vocabulary.fundus.count }
    preprocessing.imageSize = imageSize
  }
}

extension Vocabulary {
  /// The built-in small vocabulary for captions of fundus photographs: words, suffixes, and all ASCII
  /// characters, so that any English word can be tokenized.
  public static let fundus: Vocabulary = {
    do {
      return try Vocabulary(bytes: PackageResources.vocabulary_txt, source: "vocabulary.txt")
    } catch {
      preconditionFailure("the built-in vocabulary is invalid: \(error)")
    }
  }()

  /// The same tokens, followed by tokens `[unused0]`, `[unused1]`… up to `count`.
  public func padded(to count: Int) -> Vocabulary {
    guard count > self.count else { return self }
    let all = tokens + (0..<count - self.count).map { "[unused\($0)]" }
    do {
      return try Vocabulary(bytes: Array((all.joined(separator: "\n") + "\n").utf8))
    } catch {
      preconditionFailure("padding invalidates a vocabulary: \(error)")
    }
  }
}
