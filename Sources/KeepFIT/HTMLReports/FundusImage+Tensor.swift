extension FundusImage {
  /// The image of a tensor, rounded to 8 bits.
  ///
  /// - Parameter pixels: `[H, W, 3]`, 0 to 1; other values are clipped, and NaN is black.
  public init(_ pixels: Tensor) {
    precondition(
      pixels.rank == 3 && pixels.shape[2] == 3, "an image is [H, W, 3], not \(pixels.shape)")
    self.init(
      width: pixels.shape[1], height: pixels.shape[0],
      pixels: pixels.scalars.map { $0 > 0 ? UInt8(min($0 * 255, 255).rounded()) : 0 })
  }
}
