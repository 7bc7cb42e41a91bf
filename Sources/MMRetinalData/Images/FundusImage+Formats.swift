import Foundation

extension FundusImage {
  /// Writes the image in the format given by the extension: jpg, jpeg, png, tif, tiff, ppm.
  /// - `force`: whether an existing file may be replaced.
  public func write(
    to url: URL, quality: Int = 75, subsampling: ChromaSubsampling = .both, force: Bool = false
  ) throws(ImageError) {
    let data: Data
    switch url.pathExtension.lowercased() {
    case "jpg", "jpeg": data = try jpegData(quality: quality, subsampling: subsampling)
    case "png": data = pngData()
    case "tif", "tiff": data = tiffData()
    case "ppm": data = ppmData()
    default:
      throw .unwritable(
        name: url.path, reason: "expected a name that ends in jpg, png, tif or ppm")
    }
    try ImageFile.write(data, to: url, force: force)
  }

  /// The image as a binary PPM file.
  public func ppmData() -> Data { Data("P6\n\(width) \(height)\n255\n".utf8) + Data(pixels) }

  /// The image as a TIFF file: one uncompressed strip.
  public func tiffData() -> Data {
    var data = Data([0x49, 0x49, 42, 0])
    func append(_ value: Int, _ size: Int) {
      for byte in 0..<size { data.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    // Tag, type (3: 16 bits, 4: 32 bits), count, value. Pixels follow the directory.
    let bitsAt = 8 + 2 + 10 * 12 + 4
    let pixelsAt = bitsAt + 6
    let entries: [(Int, Int, Int, Int)] = [
      (256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, bitsAt), (259, 3, 1, 1),
      (262, 3, 1, 2), (273, 4, 1, pixelsAt), (277, 3, 1, 3), (278, 4, 1, height),
      (279, 4, 1, pixels.count), (284, 3, 1, 1),
    ]
    append(8, 4)
    append(entries.count, 2)
    for (tag, type, count, value) in entries {
      append(tag, 2)
      append(type, 2)
      append(count, 4)
      append(value, 4)
    }
    append(0, 4)
    for _ in 0..<3 { append(8, 2) }
    return data + Data(pixels)
  }
}
