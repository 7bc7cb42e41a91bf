import Foundation

/// The `config.json` of a report model's directory.
public struct ReportGeneratorConfiguration: Codable, Sendable, Equatable {
  /// The image encoder.
  public struct Vision: Codable, Sendable, Equatable {
    /// `resnet18`, `resnet34`, `resnet50` or `resnet101`.
    public var architecture = "resnet50"
    /// Channels of the first stage; nil for the published 64, or for what the weights have.
    public var width: Int?

    /// The published encoder.
    public init() {}

    /// The network configuration, or nil for an unknown name.
    public var network: ResNetConfiguration? {
      KeepFITConfiguration.Vision(architecture: architecture, width: width ?? 64).network
    }
  }

  /// The architecture of the transformer.
  public struct Decoder: Codable, Sendable, Equatable {
    /// The model dimension D.
    public var width = 512
    /// The hidden dimension of the feed-forward blocks.
    public var feedForward = 512
    /// The number of attention heads.
    public var heads = 8
    /// The number of layers of the encoder and of the decoder.
    public var layers = 3

    /// The published architecture.
    public init() {}

    enum CodingKeys: String, CodingKey {
      case width, heads, layers
      case feedForward = "feed_forward"
    }

    /// Decodes a `decoder` object; missing keys have the published values.
    /// - Parameter decoder: of the object.
    /// - Throws: `DecodingError` for a value of another type.
    public init(from decoder: any Swift.Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      width = try values.decodeIfPresent(Int.self, forKey: .width) ?? width
      feedForward = try values.decodeIfPresent(Int.self, forKey: .feedForward) ?? feedForward
      heads = try values.decodeIfPresent(Int.self, forKey: .heads) ?? heads
      layers = try values.decodeIfPresent(Int.self, forKey: .layers) ?? layers
    }
  }

  /// The image encoder.
  public var vision = Vision()
  /// The transformer.
  public var decoder = Decoder()
  /// The maximum number of ids of a report in training, including the initial 0, and the maximum number of
  /// generated words.
  public var maximumLength = 90
  /// The image size in pixels.
  public var imageSize = 224
  /// Whether the EXIF orientation of images is applied; ignored as published.
  public var appliesOrientation = false
  /// The conversion of 16-bit gray images; clipped at 255 as published.
  public var deepGray = DecodingOptions.DeepGray.clipped

  /// How image files are decoded.
  public var imageDecoding: DecodingOptions {
    var options = DecodingOptions()
    options.appliesOrientation = appliesOrientation
    options.deepGray = deepGray
    return options
  }

  /// The value of `kind`, which distinguishes report models from image-text models.
  public static let kind = "report"

  private enum CodingKeys: String, CodingKey {
    case kind, vision, decoder, gray16
    case maximumLength = "max_length"
    case imageSize = "image_size"
    case orientation = "exif_orientation"
  }

  /// The values of `exif_orientation`, which are those of the command line.
  private enum OrientationName: String, Codable {
    case apply, ignore
  }

  /// The values of `gray16`, likewise.
  private enum GrayName: String, Codable {
    case scale, clip
  }

  /// The published architecture.
  public init() {}

  /// Decodes a configuration; missing keys have the published values.
  /// - Parameter decoder: of the object.
  /// - Throws: `DecodingError` for a value of another type, or another `kind`.
  public init(from decoder: any Swift.Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let kind = try values.decodeIfPresent(String.self, forKey: .kind)
    guard kind == Self.kind else {
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: values,
        debugDescription: "is \(kind.map { "'\($0)'" } ?? "missing"), expected '\(Self.kind)'")
    }
    vision = try values.decodeIfPresent(Vision.self, forKey: .vision) ?? vision
    self.decoder = try values.decodeIfPresent(Decoder.self, forKey: .decoder) ?? self.decoder
    maximumLength = try values.decodeIfPresent(Int.self, forKey: .maximumLength) ?? maximumLength
    imageSize = try values.decodeIfPresent(Int.self, forKey: .imageSize) ?? imageSize
    appliesOrientation =
      try values.decodeIfPresent(OrientationName.self, forKey: .orientation) == .apply
    deepGray =
      try values.decodeIfPresent(GrayName.self, forKey: .gray16) == .scale ? .scaled : .clipped
  }

  /// Encodes all fields, those for decoding images only where they are not as published.
  /// - Parameter encoder: of the object.
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    if appliesOrientation { try values.encode(OrientationName.apply, forKey: .orientation) }
    if deepGray == .scaled { try values.encode(GrayName.scale, forKey: .gray16) }
    try values.encode(Self.kind, forKey: .kind)
    try values.encode(vision, forKey: .vision)
    try values.encode(decoder, forKey: .decoder)
    try values.encode(maximumLength, forKey: .maximumLength)
    try values.encode(imageSize, forKey: .imageSize)
  }

  /// Parses the bytes of a `config.json`.
  /// - Parameters:
  ///   - json: the bytes.
  ///   - source: the name for error messages.
  /// - Throws: `CheckpointError` that names the key, also for unknown keys.
  public init(json: [UInt8], source: String) throws {
    self = try ConfigurationFile.decode(
      Self.self, json: json, source: source,
      others: ["": ["exif_orientation", "gray16"], "vision": ["width"]]
    ) { value in
      value["kind"]?.text == Self.kind
        ? nil
        : "is not the configuration of a report model: 'kind' is "
          + (value["kind"]?.text.map { "'\($0.quotable(limit: 40))'" } ?? "missing")
          + ", expected '\(Self.kind)'; 'keepfit reports init' creates such a model"
    }
    if let problem { throw CheckpointError(.malformed, file: source, problem) }
  }

  /// The first invalid value, or nil.
  var problem: String? {
    guard (1...4096).contains(vision.width ?? 64), vision.network != nil else {
      return "vision.architecture '\(vision.architecture.quotable(limit: 40))' of width "
        + "\(vision.width ?? 64) is unknown; known architectures are "
        + ResNetConfiguration.named.map(\.name).joined(separator: ", ")
    }
    if !(2...ReportModel.Configuration.positions).contains(maximumLength) {
      return "max_length \(maximumLength) must be from 2 to \(ReportModel.Configuration.positions)"
    }
    if !(32...8192).contains(imageSize) { return "image_size \(imageSize) must be from 32 to 8192" }
    return sizes(vocabularySize: 2)?.problem
  }

  /// The network configuration for a vocabulary; nil for an unknown architecture.
  /// - Parameter vocabularySize: the number of ids.
  func sizes(vocabularySize: Int) -> ReportModel.Configuration? {
    guard let network = vision.network else { return nil }
    var sizes = ReportModel.Configuration(vocabularySize: vocabularySize)
    sizes.vision = network
    sizes.width = decoder.width
    sizes.feedForward = decoder.feedForward
    sizes.heads = decoder.heads
    sizes.layers = decoder.layers
    return sizes
  }

  /// The text of a `config.json`.
  public var json: String { ConfigurationFile.text(of: self) }
}
