import FundusTensor

/// The preprocessing from an image file to the square model input. It is stored with the weights of the model.
///
/// All named presets resize with preserved aspect ratio so that the longer side is ``imageSize``, place the
/// image in the upper left corner, and pad with zeros to the right and below. Pixels are RGB, 0 to 1; no
/// mean is subtracted.
///
/// | name | antialias | for |
/// | --- | --- | --- |
/// | ``published`` | no | inference with the published KeepFIT model |
/// | ``flair`` | yes | inference with the published FLAIR model |
/// | ``transfer`` | yes | transfer experiments on original files |
/// | ``training`` | no resize | pretraining on resized files |
///
/// The released loader accepts truncated files; here this is an error unless
/// ``DecodingOptions/toleratesTruncation`` of ``decoding`` is set.
public struct Preprocessing: Hashable, Sendable {
  /// The conversion of files that are not 8-bit RGB.
  public enum Color: String, Hashable, Sendable, Codable {
    /// Conversion to RGB, alpha dropped.
    case rgb
    /// As in the released code: the first of four channels is dropped (RGBA becomes G, B, A), palette indices
    /// and bits are used as gray values, 16-bit gray reaches 257, and images with a maximum of 1 are not
    /// divided by 255.
    case asStored = "as-stored"
  }

  /// The resizing of images.
  public enum Geometry: String, Hashable, Sendable, Codable {
    /// Resize with preserved aspect ratio, zero padding to the right and below.
    case fitted
    /// No resize; an image that is not ``Preprocessing/imageSize`` squared is an error.
    case unchanged
  }

  /// What is cropped before resizing.
  public enum Crop: String, Hashable, Sendable, Codable, CaseIterable {
    /// Nothing.
    case none
    /// The dark border around the bounding box of the foreground, see ``FundusImage/croppedToForeground()``.
    case foreground
    /// Everything outside of the circular field of view, see ``FundusImage/croppedToField()``.
    case circle
  }

  /// The value range of tensors.
  public enum InputRange: String, Hashable, Sendable, Codable {
    /// 0 to 255.
    case bytes
    /// 0 to 1.
    case unit

    var divisor: Float { self == .bytes ? 255 : 1 }
  }

  /// The name in configuration files; nil if the preset was modified.
  public var name: String?
  /// The image size in pixels.
  public var imageSize = 512
  /// Whether downsampling is antialiased (see `Tensor/resized(height:width:antialias:)`).
  public var antialias: Bool
  /// The precision of the released code: single for inference, double for files.
  public var precision = ResizePrecision.single
  /// The conversion of files that are not 8-bit RGB.
  public var color = Color.rgb
  /// The resizing of images.
  public var geometry = Geometry.fitted
  /// What is cropped before resizing.
  public var crop = Crop.none
  /// Whether JPEG files may be decoded at a reduced size if they are downsampled anyway.
  ///
  /// This is faster, for instance from 3000 x 2000 pixels to 512, and changes the result slightly: values differ
  /// by at most ``reductionTolerance``. See ``reduction(height:width:)``; it has no effect unless
  /// ``canReduceJPEG``.
  public var reducesJPEG = false
  /// The decoding options.
  public var decoding = DecodingOptions()

  /// Creates a preprocessing without a name.
  public init(antialias: Bool) { self.antialias = antialias }

  private init(
    named name: String, antialias: Bool, precision: ResizePrecision = .single
  ) {
    self.name = name
    self.antialias = antialias
    self.precision = precision
  }

  /// Inference with the published KeepFIT model: resize without antialiasing.
  public static let published = Preprocessing(named: "published", antialias: false)
  /// Inference with the published FLAIR model: resize with antialiasing.
  public static let flair = Preprocessing(named: "flair", antialias: true)
  /// Transfer experiments on original files: resize with antialiasing, in double precision.
  public static let transfer = Preprocessing(named: "transfer", antialias: true, precision: .double)
  /// Pretraining on files that already are ``imageSize`` squared: no resize.
  public static let training: Preprocessing = {
    var result = Preprocessing(named: "training", antialias: true, precision: .double)
    result.geometry = .unchanged
    return result
  }()

  /// All named presets.
  public static let named: [Preprocessing] = [.published, .flair, .transfer, .training]

  /// The preset with a name.
  public init?(named name: String) {
    guard let value = Preprocessing.named.first(where: { $0.name == name }) else { return nil }
    self = value
  }

  /// A copy with another image size.
  public func with(imageSize: Int) -> Preprocessing {
    precondition(imageSize > 0, "an image of \(imageSize) pixels")
    var result = self
    result.imageSize = imageSize
    return result
  }

  /// The size of an image after resizing, before padding.
  ///
  /// With m the longer side and S the image size, each side becomes `trunc(side / (m / S))` in
  /// double precision, as published; for powers of two that is `floor(S * side / m)` exactly.
  /// - Throws: ``ImageError/unsuitable(name:reason:)`` if the shorter side would vanish.
  public func targetSize(
    height: Int, width: Int, name: String = "image"
  ) throws(ImageError) -> (height: Int, width: Int) {
    let quotient = Double(max(height, width)) / Double(imageSize)
    let (newHeight, newWidth) = (Int(Double(height) / quotient), Int(Double(width) / quotient))
    guard newHeight > 0 && newWidth > 0 else {
      throw .unsuitable(
        name: name,
        reason: "\(width) x \(height) pixels are too narrow to be resized to \(imageSize)")
    }
    return (newHeight, newWidth)
  }

  /// The factor by which a JPEG of this size is reduced in decoding: 1, 2, 4 or 8.
  ///
  /// The reduced image is at least ``remainingRatio`` times as large as the result. The resize weights are
  /// those of the full image, summed over each block.
  public func reduction(height: Int, width: Int) -> Int {
    guard reducesJPEG, canReduceJPEG else { return 1 }
    let ratio = Double(max(height, width)) / Double(imageSize)
    return [8, 4, 2].first { ratio / Double($0) >= Preprocessing.remainingRatio } ?? 1
  }

  /// Whether reduced JPEG decoding is possible: only if downsampling averages over all pixels, and nothing else
  /// uses them.
  public var canReduceJPEG: Bool {
    antialias && geometry == .fitted && crop == .none && color == .rgb
  }

  /// The minimum ratio of a reduced JPEG to the result.
  public static let remainingRatio = 1.25

  /// The change of values from 0 to 1 by reduced decoding: the mean over an image, and the maximum.
  /// Photographs stay far below; thin high-contrast lines come close.
  public static let reductionTolerance: (mean: Float, largest: Float) = (0.004, 0.04)
}

// MARK: - Configuration files

extension Preprocessing: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, antialias, precision, color, geometry, crop, decoding
    case imageSize = "image_size"
    case reducesJPEG = "reduces_jpeg"
    case cropsForeground = "crops_foreground"
  }

  /// A key of older files: true is `"crop": "foreground"`.
  package static let formerKeys = [CodingKeys.cropsForeground.rawValue]

  /// Decodes a name, or an object whose fields override the preset of that name.
  public init(from decoder: any Decoder) throws {
    if let single = try? decoder.singleValueContainer(), let name = try? single.decode(String.self)
    {
      guard let value = Preprocessing(named: name) else {
        throw Preprocessing.unknown(name, decoder)
      }
      self = value
      return
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let name = try container.decodeIfPresent(String.self, forKey: .name) {
      guard let value = Preprocessing(named: name) else {
        throw Preprocessing.unknown(name, decoder)
      }
      self = value
    } else {
      self.init(antialias: true)
    }
    func update<Value: Decodable>(
      _ path: WritableKeyPath<Preprocessing, Value>, _ key: CodingKeys
    ) throws {
      if let value = try container.decodeIfPresent(Value.self, forKey: key) {
        self[keyPath: path] = value
      }
    }
    try update(\.imageSize, .imageSize)
    try update(\.antialias, .antialias)
    try update(\.precision, .precision)
    try update(\.color, .color)
    try update(\.geometry, .geometry)
    if try container.decodeIfPresent(Bool.self, forKey: .cropsForeground) == true {
      crop = .foreground
    }
    try update(\.crop, .crop)
    try update(\.reducesJPEG, .reducesJPEG)
    try update(\.decoding, .decoding)
    guard (1...1 << 15).contains(imageSize) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "image_size \(imageSize)"))
    }
  }

  private static func unknown(_ name: String, _ decoder: any Decoder) -> DecodingError {
    let known = named.compactMap(\.name).joined(separator: ", ")
    return .dataCorrupted(
      .init(
        codingPath: decoder.codingPath,
        debugDescription: "unknown preprocessing \"\(name)\"; known are \(known)"))
  }

  /// Encodes all fields.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(name, forKey: .name)
    try container.encode(imageSize, forKey: .imageSize)
    try container.encode(antialias, forKey: .antialias)
    try container.encode(precision, forKey: .precision)
    try container.encode(color, forKey: .color)
    try container.encode(geometry, forKey: .geometry)
    try container.encode(crop, forKey: .crop)
    try container.encode(reducesJPEG, forKey: .reducesJPEG)
    try container.encode(decoding, forKey: .decoding)
  }
}
