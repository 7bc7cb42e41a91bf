import Foundation

extension ImageQuality {
  /// Checks an image file; a large JPEG file is decoded at a reduced size.
  /// - Throws: `ImageError` for a file that is not a usable image.
  public init(
    contentsOf url: URL, decoding options: DecodingOptions = .init()
  ) throws(ImageError) {
    let address = ImageAddress(url)
    try self.init(
      decoding: ImageFile.read(address.file), name: url.path, options: options.with(address))
  }

  /// Checks an image file in memory; a large JPEG file is decoded at a reduced size.
  /// - Parameters:
  ///   - data: the file.
  ///   - name: the name for error messages.
  ///   - options: the decoding options.
  /// - Throws: `ImageError` for data that is not a usable image.
  public init(
    decoding data: Data, name: String, options: DecodingOptions = .init()
  ) throws(ImageError) {
    var options = options
    if try ImageFile.format(of: data, name: name) == .jpeg {
      options.jpegReduction = 8
      let small = try FundusImage(decoding: data, name: name, options: options)
      let side = 8 * max(small.width, small.height)
      // Two pixels of the file for each of the copy that is checked.
      options.jpegReduction = [8, 4, 2].first { side / $0 >= 768 } ?? 1
      guard options.jpegReduction < 8 else {
        self.init(of: small)
        return
      }
    }
    self.init(of: try FundusImage(decoding: data, name: name, options: options))
  }
}
