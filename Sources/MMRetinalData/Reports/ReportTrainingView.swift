import FundusTensor

/// The random crop of an angiogram in the published training: the shorter side is resized to 256/224 of the
/// size, followed by a random square crop and a horizontal flip with probability 0.5.
///
/// Reports mention left and right eyes; flipping does not change their text, as published.
public struct ReportTrainingView: Sendable, Hashable {
  /// The side of the square in pixels.
  public var imageSize: Int
  /// The probability of a horizontal flip.
  public var flipProbability: Float = 0.5

  /// The published view, for images of a size.
  public init(imageSize: Int) { self.imageSize = imageSize }

  /// The size of an image before a square is cut out: the shorter side is 256/224 of ``imageSize``, the
  /// other `trunc(side * longer / shorter)`.
  /// - Throws: ``ImageError/unsuitable(name:reason:)`` for an image that is too long and narrow.
  public func resizedSize(
    width: Int, height: Int, name: String
  ) throws(ImageError) -> (width: Int, height: Int) {
    let side = max(imageSize, imageSize * 256 / 224)
    let (short, long) = (min(width, height), max(width, height))
    guard long / short < 256 else {
      throw .unsuitable(
        name: name, reason: "\(width) x \(height) pixels are too narrow to be resized to \(side)")
    }
    let other = Int(Double(side * long) / Double(short))
    return width <= height ? (side, other) : (other, side)
  }

  /// A view of an image.
  /// - Parameters:
  ///   - image: the whole image.
  ///   - random: determines the crop and the flip.
  ///   - name: the name of the image for error messages.
  /// - Returns: ``imageSize`` squared pixels.
  /// - Throws: ``ImageError/unsuitable(name:reason:)`` for an image that is too long and narrow.
  public func view(
    of image: FundusImage, random: RandomStream, name: String
  ) throws(ImageError) -> FundusImage {
    var random = random
    let size = try resizedSize(width: image.width, height: image.height, name: name)
    let resized = image.resized(width: size.width, height: size.height)
    let top = random.index(below: size.height - imageSize + 1)
    let left = random.index(below: size.width - imageSize + 1)
    let square = resized.cropped(
      rows: top..<top + imageSize, columns: left..<left + imageSize)
    return random.uniform() < flipProbability ? square.oriented(.mirrored) : square
  }
}
