import FundusTensor

/// How an image file becomes the square of numbers that a model sees. A value that travels with the
/// weights of the model.
///
/// All named values resize with the aspect ratio kept so that the longer side is ``imageSize``, put
/// the image into the upper left corner, and leave zeros to the right and below. Pixels are RGB,
/// 0 to 1; no mean is subtracted.
///
/// | name | antialias | for |
/// | --- | --- | --- |
/// | ``published`` | no | the published KeepFIT model called on an image |
/// | ``flair`` | yes | the published FLAIR model called on an image |
/// | ``transfer`` | yes | transfer experiments on original files |
/// | ``training`` | no resize | pretraining on files that were resized beforehand |
///
/// The released loader accepts files that end too early; here that is an error unless
/// ``DecodingOptions/toleratesTruncation`` of ``decoding`` is set.
public struct Preprocessing: Hashable, Sendable {
  /// What becomes of files that are not 8-bit RGB.
  public enum Color: String, Hashable, Sendable, Codable {
    /// Conversion to RGB, alpha dropped.
    case rgb
    /// What the released code does: four channels lose the first (RGBA is seen as G, B, A), palette
    /// indices and single bits are taken for gray values, 16-bit gray reaches 257, and images
    /// whose largest value is 1 are not divided by 255.
    case asStored = "as-stored"
  }

  /// What becomes of the size.
  public enum Geometry: String, Hashable, Sendable, Codable {
    /// Resized with its aspect kept, zeros to the right and below.
    case fitted
    /// Left alone; an image that is not ``Preprocessing/imageSize`` squared is an error.
    case unchanged
  }

  /// The range of numbers that are given instead of a file.
  public enum InputRange: String, Hashable, Sendable, Codable {
    /// 0 to 255.
    case bytes
    /// 0 to 1.
    case unit

    var divisor: Float { self == .bytes ? 255 : 1 }
  }

  /// The name that configuration files use; nil once a value has been changed into something else.
  public var name: String?
  /// The side of the result in pixels.
  public var imageSize = 512
  /// Whether shrinking averages (see `Tensor/resized(height:width:antialias:)`).
  public var antialias: Bool
  /// The arithmetic of the released code: single for the models called on an image, double for files.
  public var precision = ResizePrecision.single
  /// What becomes of files that are not 8-bit RGB.
  public var color = Color.rgb
  /// What becomes of the size.
  public var geometry = Geometry.fitted
  /// Whether the black surround is cut off first, see ``FundusImage/croppedToForeground()``.
  public var cropsForeground = false
  /// Whether JPEG files may be decoded at a part of their size when they are to shrink anyway.
  ///
  /// At 3000 x 2000 pixels to 512 this is faster, and changes the result a little: numbers differ by
  /// no more than ``reductionTolerance``. See ``reduction(height:width:)``; without effect unless
  /// ``canReduceJPEG``.
  public var reducesJPEG = false
  /// How files are read.
  public var decoding = DecodingOptions()

  /// A value without a name.
  public init(antialias: Bool) { self.antialias = antialias }

  private init(
    named name: String, antialias: Bool, precision: ResizePrecision = .single
  ) {
    self.name = name
    self.antialias = antialias
    self.precision = precision
  }

  /// The published KeepFIT model called on an image: resized without antialias.
  public static let published = Preprocessing(named: "published", antialias: false)
  /// The published FLAIR model called on an image: resized with antialias.
  public static let flair = Preprocessing(named: "flair", antialias: true)
  /// Transfer experiments on original files: antialias, positions in double precision.
  public static let transfer = Preprocessing(named: "transfer", antialias: true, precision: .double)
  /// Pretraining on files that are ``imageSize`` squared already: no resize at all.
  public static let training: Preprocessing = {
    var result = Preprocessing(named: "training", antialias: true, precision: .double)
    result.geometry = .unchanged
    return result
  }()

  /// All values with a name.
  public static let named: [Preprocessing] = [.published, .flair, .transfer, .training]

  /// The value of that name.
  public init?(named name: String) {
    guard let value = Preprocessing.named.first(where: { $0.name == name }) else { return nil }
    self = value
  }

  /// The same for another side length.
  public func with(imageSize: Int) -> Preprocessing {
    precondition(imageSize > 0, "an image of \(imageSize) pixels")
    var result = self
    result.imageSize = imageSize
    return result
  }

  /// The size of an image after resizing, before padding.
  ///
  /// With m the longer side and S the size asked for, each side becomes `trunc(side / (m / S))` in
  /// double precision, as published; for powers of two that is `floor(S * side / m)` exactly.
  /// - Throws: ``ImageError/unsuitable(name:reason:)`` where the shorter side would vanish.
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

  /// By how much a JPEG of this size is reduced while decoding: 1, 2, 4 or 8.
  ///
  /// The image that remains is at least ``remainingRatio`` times as large as the result. Weights
  /// of the resize are those of the full image, added up over each block.
  public func reduction(height: Int, width: Int) -> Int {
    guard reducesJPEG, canReduceJPEG else { return 1 }
    let ratio = Double(max(height, width)) / Double(imageSize)
    return [8, 4, 2].first { ratio / Double($0) >= Preprocessing.remainingRatio } ?? 1
  }

  /// Whether this way of making images may begin with a reduced JPEG: only where shrinking averages
  /// over all pixels, and nothing else looks at them.
  public var canReduceJPEG: Bool {
    antialias && geometry == .fitted && !cropsForeground && color == .rgb
  }

  /// How much larger than its result a reduced JPEG still is, at the least.
  public static let remainingRatio = 1.25

  /// What reduced decoding may change of numbers from 0 to 1: of an image on average, and of any
  /// number at the most. Photographs stay far below; fine lines of high contrast come near.
  public static let reductionTolerance: (mean: Float, largest: Float) = (0.004, 0.04)
}

// MARK: - Configuration files

extension Preprocessing: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, antialias, precision, color, geometry, decoding
    case imageSize = "image_size"
    case cropsForeground = "crops_foreground"
    case reducesJPEG = "reduces_jpeg"
  }

  /// Reads a name, or an object whose fields override the value of that name.
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
    try update(\.cropsForeground, .cropsForeground)
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
        debugDescription: "no preprocessing is called \"\(name)\"; there are \(known)"))
  }

  /// Writes every field.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(name, forKey: .name)
    try container.encode(imageSize, forKey: .imageSize)
    try container.encode(antialias, forKey: .antialias)
    try container.encode(precision, forKey: .precision)
    try container.encode(color, forKey: .color)
    try container.encode(geometry, forKey: .geometry)
    try container.encode(cropsForeground, forKey: .cropsForeground)
    try container.encode(reducesJPEG, forKey: .reducesJPEG)
    try container.encode(decoding, forKey: .decoding)
  }
}
