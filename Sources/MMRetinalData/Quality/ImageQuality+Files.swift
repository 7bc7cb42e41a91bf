import Foundation

extension ImageQuality {
  /// Checks an image file; a large JPEG file is decoded at a reduced size.
  /// - Throws: `ImageError` for a file that is not a usable image.
  public init(
    contentsOf url: URL, decoding options: DecodingOptions = .init()
  ) throws(ImageError) {
    let address = ImageAddress(url)
    let data = try ImageFile.read(address.file)
    var options = options.with(address)
    if try ImageFile.format(of: data, name: url.path) == .jpeg {
      options.jpegReduction = 8
      let small = try FundusImage(decoding: data, name: url.path, options: options)
      let side = 8 * max(small.width, small.height)
      // Two pixels of the file for each of the copy that is checked.
      options.jpegReduction = [8, 4, 2].first { side / $0 >= 768 } ?? 1
      guard options.jpegReduction < 8 else {
        self.init(of: small)
        return
      }
    }
    self.init(of: try FundusImage(decoding: data, name: url.path, options: options))
  }
}
