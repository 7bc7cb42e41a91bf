/// How an image file is read.
///
/// The defaults give the pixels that Pillow's `convert("RGB")` gives: no rotation, alpha dropped.
public struct DecodingOptions: Hashable, Sendable, Codable {
  /// What becomes of gray images with more than 8 bits.
  public enum DeepGray: String, Hashable, Sendable, Codable {
    /// Values above 255 become 255, as in Pillow: what the published pipeline shows the model.
    case clipped
    /// The whole range becomes 0 to 255.
    case scaled
  }

  /// Images with more pixels are refused before memory is allocated. The default is Pillow's.
  public var pixelLimit: Int = 178_956_970
  /// Turn the image upright as its EXIF (or TIFF) orientation tells. Off, as published.
  public var appliesOrientation = false
  /// Accept files that end too early; what is missing stays gray (JPEG) or black. Off.
  public var toleratesTruncation = false
  /// What becomes of 16-bit gray images.
  public var deepGray = DeepGray.clipped
  /// Decode JPEG at 1/2, 1/4 or 1/8 of its size: 2, 4 or 8. Other formats ignore it.
  public var jpegReduction = 1

  /// The defaults.
  public init() {}

  /// The defaults, with files that end too early accepted.
  public static var tolerant: DecodingOptions {
    var options = DecodingOptions()
    options.toleratesTruncation = true
    return options
  }
}
