import FundusTensor
import Foundation

/// Resizing files ahead of pretraining, so that ``Preprocessing/training`` finds them at size.
///
/// The released script multiplies by 255 and cuts the fraction off, which darkens resampled pixels by
/// half a level on average, and saves JPEG with Pillow's defaults. Both are options here.
public struct OfflineResize: Hashable, Sendable {
  /// How a number becomes a byte.
  public enum Quantization: String, Hashable, Sendable, Codable {
    /// The fraction is cut off, as published.
    case truncated
    /// To the nearest.
    case rounded
  }

  /// How the image is fitted into its square.
  public var preprocessing: Preprocessing
  /// How numbers become bytes.
  public var quantization = Quantization.truncated
  /// Of JPEG files, 1 to 100.
  public var jpegQuality = 75
  /// Of JPEG files.
  public var jpegSubsampling = FundusImage.ChromaSubsampling.both

  /// Resizes to squares of `imageSize`, with antialias.
  public init(imageSize: Int = 512) {
    preprocessing = Preprocessing.transfer.with(imageSize: imageSize)
  }

  /// The resized image.
  public func resize(contentsOf url: URL) throws(ImageError) -> FundusImage {
    quantized(try preprocessing.prepare(contentsOf: url))
  }

  /// Resizes a file into another. The name of the target decides its format: JPEG, PNG, TIFF, PPM.
  /// - `force`: overwrite what is there.
  public func resize(from source: URL, to target: URL, force: Bool = false) throws(ImageError) {
    if !force, FileManager.default.fileExists(atPath: target.path) {
      throw .exists(name: target.path)
    }
    try resize(contentsOf: source).write(
      to: target, quality: jpegQuality, subsampling: jpegSubsampling, force: force)
  }

  /// `[S, S, 3]` from 0 to 1 as bytes.
  func quantized(_ tensor: Tensor) -> FundusImage {
    // A value that rounding has left just below a whole level still belongs to that level.
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
