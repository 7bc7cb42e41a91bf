import Foundation

/// A decoded photograph together with the model input made from it.
public struct Photograph: Sendable {
  /// The decoded file, at its original resolution.
  public let image: FundusImage
  /// The rows and columns of ``image`` that the model sees: all of them unless preprocessing crops the
  /// image.
  public let seen: (rows: Range<Int>, columns: Range<Int>)
  /// The model input, `[S, S, 3]`.
  public let pixels: Tensor
  /// The part of ``pixels`` that the photograph covers; the rest is padding.
  public let content: Explanation.Content

  /// Reads and preprocesses a file.
  /// - Throws: `ImageError` for a file that is not an image or cannot be preprocessed.
  public init(contentsOf url: URL, preprocessing: Preprocessing) throws(ImageError) {
    image = try FundusImage(contentsOf: url, options: preprocessing.decoding)
    let pixels = try preprocessing.prepare(contentsOf: url)
    self.pixels = pixels.rank == 4 ? pixels.reshaped(Array(pixels.shape.dropFirst())) : pixels
    seen = preprocessing.remaining(of: image)
    guard preprocessing.geometry == .fitted else {
      content = .whole
      return
    }
    let size = try preprocessing.targetSize(
      height: seen.rows.count, width: seen.columns.count, name: url.path)
    let side = Double(preprocessing.imageSize)
    content = Explanation.Content(
      height: Double(size.height) / side, width: Double(size.width) / side)
  }
}
