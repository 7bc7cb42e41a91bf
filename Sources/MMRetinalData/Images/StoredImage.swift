import Foundation

/// An image with the channels and bit depth of its file, before conversion to RGB.
///
/// The published pipeline uses images in this form; see ``Preprocessing/Color/asStored``.
public struct StoredImage: Equatable, Sendable {
  /// The meaning of the channels.
  public enum Kind: String, Sendable {
    /// One channel, black to white.
    case gray
    /// Gray and alpha.
    case grayAlpha
    /// Red, green, blue.
    case rgb
    /// Red, green, blue, alpha.
    case rgbAlpha
    /// RGB premultiplied by the alpha channel that follows.
    case rgbAssociatedAlpha
    /// Indices into ``StoredImage/palette``.
    case palette
    /// CMYK; 255 is full ink.
    case cmyk

    var channels: Int {
      switch self {
      case .gray, .palette: 1
      case .grayAlpha: 2
      case .rgb: 3
      case .rgbAlpha, .rgbAssociatedAlpha, .cmyk: 4
      }
    }
  }

  /// The samples in row-major order, channels of a pixel next to each other.
  public enum Samples: Equatable, Sendable {
    /// Up to 8 bits each, not scaled: a 1-bit image has the values 0 and 1.
    case bytes([UInt8])
    /// 9 to 16 bits each.
    case words([UInt16])
  }

  /// The width in pixels.
  public let width: Int
  /// The height in pixels.
  public let height: Int
  /// The meaning of the channels.
  public let kind: Kind
  /// The largest possible sample value: 255 for 8 bits, 1 for 1 bit, `maxval` of a PGM.
  public let largest: Int
  /// The samples.
  public let samples: Samples
  /// The 256 colors of a palette image, three bytes each; empty otherwise.
  public let palette: [UInt8]

  /// The number of samples per pixel.
  public var channels: Int { kind.channels }

  /// Reads a file.
  public init(contentsOf url: URL, options: DecodingOptions = .init()) throws(ImageError) {
    let address = ImageAddress(url)
    try self.init(
      decoding: ImageFile.read(address.file), name: url.path, options: options.with(address))
  }

  /// Decodes a file in memory. Orientation is not applied.
  public init(
    decoding data: Data, name: String, options: DecodingOptions = .init()
  ) throws(ImageError) {
    let format = try ImageFile.format(of: data, name: name)
    self = try StoredImage.decode(data, name: name, format: format, options: options)
  }

  init(
    width: Int, height: Int, kind: Kind, largest: Int, samples: Samples, palette: [UInt8] = []
  ) {
    self.width = width
    self.height = height
    self.kind = kind
    self.largest = largest
    self.samples = samples
    self.palette = palette
  }

  static func decode(
    _ data: Data, name: String, format: ImageFormat, options: DecodingOptions
  ) throws(ImageError) -> StoredImage {
    switch format {
    case .jpeg: try JPEGCodec.decodeStored(data, name: name, options: options)
    case .png, .tiff:
      try LibraryCodec(format: format).decode(data, name: name, options: options)
    case .netpbm: try Netpbm.decode(data, name: name, options: options)
    case .bmp: try BitmapCodec.decode(data, name: name, options: options)
    case .dicom:
      #if DICOM
        try DICOMCodec.decode(data, name: name, options: options)
      #else
        throw .unknownFormat(name: name, found: ForeignFormat.hint(name: name, data: data))
      #endif
    }
  }
}
