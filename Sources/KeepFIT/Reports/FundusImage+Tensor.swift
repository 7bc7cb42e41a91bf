extension FundusImage {
  /// The picture that a tensor holds, rounded to 8 bits.
  ///
  /// - Parameter pixels: `[H, W, 3]`, 0 to 1; what lies outside is clipped.
  public init(_ pixels: Tensor) {
    precondition(
      pixels.rank == 3 && pixels.shape[2] == 3, "a picture is [H, W, 3], not \(pixels.shape)")
    self.init(
      width: pixels.shape[1], height: pixels.shape[0],
      pixels: pixels.scalars.map { UInt8(min(max($0 * 255, 0), 255).rounded()) })
  }
}
