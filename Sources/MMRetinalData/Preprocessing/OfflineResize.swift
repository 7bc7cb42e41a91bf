import FundusTensor
import Foundation

/// Offline resizing of files before pretraining, for use with ``Preprocessing/training``.
///
/// The released script multiplies by 255 and truncates, which darkens resampled pixels by half a level on
/// average, and saves JPEG with Pillow's defaults. Both are options here.
public struct OfflineResize: Hashable, Sendable {
  /// The rounding of values to bytes.
  public enum Quantization: String, Hashable, Sendable, Codable {
    /// Truncation, as published.
    case truncated
    /// Rounding to nearest.
    case rounded
  }

  /// The preprocessing, which fits the image into its square.
  public var preprocessing: Preprocessing
  /// The rounding of values to bytes.
  public var quantization = Quantization.truncated
  /// The JPEG quality, 1 to 100.
  public var jpegQuality = 75
  /// The chroma subsampling of JPEG files.
  public var jpegSubsampling = FundusImage.ChromaSubsampling.both

  /// Creates a resize to squares of `imageSize`, with antialiasing.
  public init(imageSize: Int = 512) {
    preprocessing = Preprocessing.transfer.with(imageSize: imageSize)
  }

  /// The resized image.
  public func resize(contentsOf url: URL) throws(ImageError) -> FundusImage {
    quantized(try preprocessing.prepare(contentsOf: url))
  }

  /// Resizes a file into another one, whose extension determines the format: JPEG, PNG, TIFF, PPM.
  /// - `force`: whether an existing file may be replaced.
  public func resize(from source: URL, to target: URL, force: Bool = false) throws(ImageError) {
    if !force, FileManager.default.fileExists(atPath: target.path) {
      throw .exists(name: target.path)
    }
    try resize(contentsOf: source).write(
      to: target, quality: jpegQuality, subsampling: jpegSubsampling, force: force)
  }

  /// `[S, S, 3]` from 0 to 1 as bytes.
  func quantized(_ tensor: Tensor) -> FundusImage {
    // A value just below a level due to rounding errors counts as that level.
    let shift: Float = quantization == .rounded ? 0.5 : 1e-4
    let pixels = tensor.withSpan { span in
      [UInt8](unsafeUninitializedCapacity: span.count) { buffer, count in
        for index in span.indices {
          buffer[index] = UInt8(min(255, max(0, span[index] * 255 + shift)))
        }
        count = span.count
      }
    }
    return FundusImage(width: tensor.shape[1], height: tensor.shape[0], pixels: pixels)
  }
}
