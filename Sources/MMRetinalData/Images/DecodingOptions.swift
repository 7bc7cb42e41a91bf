/// Options for decoding image files.
///
/// The defaults give the same pixels as Pillow's `convert("RGB")`: no rotation, alpha dropped.
public struct DecodingOptions: Hashable, Sendable, Codable {
  /// The conversion of gray images with more than 8 bits.
  public enum DeepGray: String, Hashable, Sendable, Codable {
    /// Values above 255 are clipped to 255, as in Pillow and the published pipeline.
    case clipped
    /// The full range is scaled to 0 to 255.
    case scaled
  }

  /// The maximum number of pixels; larger images are refused before memory is allocated. The default is
  /// Pillow's.
  public var pixelLimit: Int = 178_956_970
  /// Whether the EXIF (or TIFF) orientation is applied. Off by default, as published.
  public var appliesOrientation = false
  /// Whether truncated files are accepted; missing parts are gray (JPEG) or black. Off by default.
  public var toleratesTruncation = false
  /// The conversion of 16-bit gray images.
  public var deepGray = DeepGray.clipped
  /// The factor by which JPEG files are reduced in decoding: 1, 2, 4 or 8. Ignored for other formats.
  public var jpegReduction = 1
  /// The frame of a DICOM file with several, from 1; nil for the only one.
  public var frame: Int?

  /// The defaults.
  public init() {}

  /// The options for an address, which may name a frame.
  func with(_ address: ImageAddress) -> Self {
    guard let frame = address.frame else { return self }
    var result = self
    result.frame = frame
    return result
  }

  /// The defaults, with truncated files accepted.
  public static var tolerant: DecodingOptions {
    var options = DecodingOptions()
    options.toleratesTruncation = true
    return options
  }
}
