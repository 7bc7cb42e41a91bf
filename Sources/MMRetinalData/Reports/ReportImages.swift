import FundusTensor
import Foundation

/// The preprocessing of angiograms for report models: resized in 8 bits as by Pillow, then normalized with
/// ImageNet's mean and standard deviation.
public enum ReportImages {
  /// ImageNet's mean of red, green and blue, for values from 0 to 1.
  public static let mean: [Float] = [0.485, 0.456, 0.406]
  /// ImageNet's standard deviation of red, green and blue.
  public static let deviation: [Float] = [0.229, 0.224, 0.225]

  /// The pixels as `[H, W, 3]`: divided by 255, less ``mean``, divided by ``deviation``.
  /// - Parameter image: of the size that the model is to see.
  public static func normalized(_ image: FundusImage) -> Tensor {
    // A table of all bytes: the arithmetic of PyTorch's transforms, once for each value.
    let table = (0..<3).map { channel in
      (0...255).map { (Float($0) / 255 - mean[channel]) / deviation[channel] }
    }
    return Tensor(shape: [image.height, image.width, 3]) { span in
      for index in 0..<image.width * image.height {
        for channel in 0..<3 {
          span[index * 3 + channel] = table[channel][Int(image.pixels[index * 3 + channel])]
        }
      }
    }
  }

  /// Preprocesses an image file for inference: resized to a square, regardless of its aspect ratio.
  ///
  /// By default the file is read as Pillow's `convert("RGB")` reads it: alpha dropped, no EXIF rotation.
  /// - Parameters:
  ///   - url: the file.
  ///   - imageSize: S, the side of the square.
  ///   - decoding: how the file is decoded.
  /// - Returns: `[S, S, 3]`.
  /// - Throws: ``ImageError`` for a file that cannot be used.
  public static func prepare(
    contentsOf url: URL, imageSize: Int, decoding: DecodingOptions = .init()
  ) throws(ImageError) -> Tensor {
    normalized(
      try FundusImage(contentsOf: url, options: decoding)
        .resized(width: imageSize, height: imageSize))
  }

  /// Preprocesses image files for inference, on all threads.
  /// - Parameters:
  ///   - urls: N files; at least one.
  ///   - imageSize: S, the side of the square.
  ///   - decoding: how the files are decoded.
  /// - Returns: `[N, S, S, 3]`.
  /// - Throws: ``ImageError`` for the first file that cannot be used.
  public static func prepare(
    contentsOf urls: [URL], imageSize: Int, decoding: DecodingOptions = .init()
  ) throws -> Tensor {
    Tensor.stacked(
      try ThreadPool.map(urls.count) { index in
        Result {
          try prepare(contentsOf: urls[index], imageSize: imageSize, decoding: decoding)
        }
      }.map { try $0.get() })
  }
}
