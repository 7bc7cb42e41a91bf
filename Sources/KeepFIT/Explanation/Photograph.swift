import Foundation

/// A decoded photograph together with the model input made from it.
///
/// The input is decoded on its own, as for classification: a large JPEG at reduced size, which gives other bits than
/// the whole image.
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
    try self.init(
      FundusImage(contentsOf: url, options: preprocessing.decoding),
      pixels: preprocessing.prepare(contentsOf: url), preprocessing: preprocessing, name: url.path)
  }

  /// Decodes and preprocesses an image file in memory.
  /// - Parameters:
  ///   - data: the file.
  ///   - name: the name for error messages.
  ///   - preprocessing: the preprocessing.
  /// - Throws: `ImageError` for a file that is not an image or cannot be preprocessed.
  public init(
    decoding data: Data, name: String, preprocessing: Preprocessing
  ) throws(ImageError) {
    try self.init(
      FundusImage(decoding: data, name: name, options: preprocessing.decoding),
      pixels: preprocessing.prepare(decoding: data, name: name), preprocessing: preprocessing,
      name: name)
  }

  private init(
    _ image: FundusImage, pixels: Tensor, preprocessing: Preprocessing, name: String
  ) throws(ImageError) {
    self.image = image
    self.pixels = pixels.rank == 4 ? pixels.reshaped(Array(pixels.shape.dropFirst())) : pixels
    seen = preprocessing.remaining(of: image)
    guard preprocessing.geometry == .fitted else {
      content = .whole
      return
    }
    let size = try preprocessing.targetSize(
      height: seen.rows.count, width: seen.columns.count, name: name)
    let side = Double(preprocessing.imageSize)
    content = Explanation.Content(
      height: Double(size.height) / side, width: Double(size.width) / side)
  }

  /// The same photograph with ``image`` at a smaller size, for maps to show; unchanged if it is not larger.
  /// - Parameter side: the longest side of the image.
  package func reduced(longestSide side: Int) -> Photograph {
    let small = image.reduced(longestSide: side)
    guard small.width != image.width || small.height != image.height else { return self }
    func scaled(_ range: Range<Int>, from old: Int, to new: Int) -> Range<Int> {
      let start = min(range.lowerBound * new / old, new - 1)
      return start..<max(start + 1, range.upperBound * new / old)
    }
    return Photograph(
      image: small,
      seen: (
        scaled(seen.rows, from: image.height, to: small.height),
        scaled(seen.columns, from: image.width, to: small.width)
      ), pixels: pixels, content: content)
  }

  private init(
    image: FundusImage, seen: (rows: Range<Int>, columns: Range<Int>), pixels: Tensor,
    content: Explanation.Content
  ) {
    self.image = image
    self.seen = seen
    self.pixels = pixels
    self.content = content
  }
}

extension FundusImage {
  /// The image reduced so that its longer side has at most `side` pixels.
  func reduced(longestSide side: Int) -> FundusImage {
    let longest = max(width, height)
    guard longest > side else { return self }
    return resized(
      width: max(1, width * side / longest), height: max(1, height * side / longest))
  }
}
