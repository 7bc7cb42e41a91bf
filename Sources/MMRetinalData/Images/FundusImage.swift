import FundusTensor
import Foundation

/// An image of 8-bit RGB pixels.
public struct FundusImage: Equatable, Sendable {
  /// The width in pixels.
  public let width: Int
  /// The height in pixels.
  public let height: Int
  /// `[height, width, 3]` in row-major order, red first.
  public let pixels: [UInt8]

  /// Creates an image from pixels.
  /// - Precondition: both sides are positive and `pixels` has `height * width * 3` bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image of \(width) x \(height) pixels")
    precondition(
      pixels.count == width * height * 3,
      "\(pixels.count) bytes do not fill \(width) x \(height) RGB pixels")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Reads a JPEG, PNG, TIFF, BMP or PPM/PGM file, or a DICOM file or frame (see ``ImageAddress``) in builds with the
  /// trait `DICOM`; the format is detected from the content, not the name.
  public init(contentsOf url: URL, options: DecodingOptions = .init()) throws(ImageError) {
    let address = ImageAddress(url)
    let data = try ImageFile.read(address.file)
    try self.init(decoding: data, name: url.path, options: options.with(address))
  }

  /// Decodes an image file in memory.
  /// - `name`: the name for error messages.
  public init(
    decoding data: Data, name: String, options: DecodingOptions = .init()
  ) throws(ImageError) {
    let format = try ImageFile.format(of: data, name: name)
    var image: FundusImage
    if format == .jpeg {
      image = try JPEGCodec.decodeRGB(data, name: name, options: options)
    } else {
      let stored = try StoredImage.decode(data, name: name, format: format, options: options)
      image = stored.rgb(deepGray: options.deepGray)
      if options.deepGray == .clipped, stored.isDeepGray {
        ReadingNotes.shared.count(.clippedGray, image: name)
      }
    }
    let orientation = ImageOrientation(of: data, format: format)
    if options.appliesOrientation {
      image = image.oriented(orientation)
    } else if orientation != .upright {
      ReadingNotes.shared.count(.ignoredOrientation, image: name)
    }
    self = image
  }

  /// The pixels as `[H, W, 3]`, 0 to 1.
  public var tensor: Tensor {
    Tensor(shape: [height, width, 3]) { span in
      for index in pixels.indices { span[index] = Float(pixels[index]) / 255 }
    }
  }

  /// The crop of the image to the given rows and columns.
  /// - Precondition: the ranges are not empty and inside the image.
  public func cropped(rows: Range<Int>, columns: Range<Int>) -> FundusImage {
    precondition(
      !rows.isEmpty && !columns.isEmpty && rows.lowerBound >= 0 && rows.upperBound <= height
        && columns.lowerBound >= 0 && columns.upperBound <= width,
      "rows \(rows), columns \(columns) of an image of \(width) x \(height)")
    if rows == 0..<height && columns == 0..<width { return self }
    var result: [UInt8] = []
    result.reserveCapacity(rows.count * columns.count * 3)
    for y in rows {
      let start = (y * width + columns.lowerBound) * 3
      result += pixels[start..<start + columns.count * 3]
    }
    return FundusImage(width: columns.count, height: rows.count, pixels: result)
  }
}
