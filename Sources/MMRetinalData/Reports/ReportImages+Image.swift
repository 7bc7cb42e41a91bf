import FundusTensor

extension ReportImages {
  /// The image that a normalized one, `[H, W, 3]`, was made from; values outside of 0...1 are cut off.
  /// - Parameter tensor: as ``normalized(_:)`` gives it.
  public static func image(from tensor: Tensor) -> FundusImage {
    precondition(
      tensor.rank == 3 && tensor.shape[2] == 3, "an image is [H, W, 3], not \(tensor.shape)")
    let pixels = tensor.withSpan { span in
      span.indices.map { index -> UInt8 in
        let value = span[index] * deviation[index % 3] + mean[index % 3]
        return UInt8(min(255, max(0, value * 255 + 0.5)))
      }
    }
    return FundusImage(width: tensor.shape[1], height: tensor.shape[0], pixels: pixels)
  }
}
