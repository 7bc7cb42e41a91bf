import CImageCodecs
import CTurboJPEG
import Foundation

extension FundusImage {
  /// The chroma subsampling of a JPEG.
  public enum ChromaSubsampling: String, Sendable, Codable {
    /// No subsampling.
    case none = "4:4:4"
    /// Half of the width.
    case horizontal = "4:2:2"
    /// Half of the width and height; Pillow's default.
    case both = "4:2:0"
  }

  /// The image as a PNG file.
  /// - Parameter compression: 0 (none) to 9 (smallest).
  public func pngData(compression: Int = 6) -> Data {
    precondition((0...9).contains(compression), "a compression level of \(compression)")
    let sink = DataSink()
    var message = ic_message()
    let status = pixels.withUnsafeBufferPointer { buffer in
      ic_png_encode(
        buffer.baseAddress!, UInt32(width), UInt32(height), 3, Int32(compression),
        { context, bytes, count in
          Unmanaged<DataSink>.fromOpaque(context).takeUnretainedValue()
            .data.append(bytes, count: count)
          return 0
        }, Unmanaged.passUnretained(sink).toOpaque(), &message)
    }
    precondition(Int(status) == Int(IC_OK), "libpng could not encode into memory")
    return sink.data
  }

  /// The image as a JPEG file, with the accurate integer DCT.
  /// - `quality`: 1 to 100; 75 is Pillow's default.
  /// - Throws: ``ImageError/unsuitable(name:reason:)`` for a side above 65,500 pixels.
  public func jpegData(
    quality: Int = 75, subsampling: ChromaSubsampling = .both
  ) throws(ImageError) -> Data {
    precondition((1...100).contains(quality), "a JPEG quality of \(quality)")
    guard width <= 65500 && height <= 65500 else {
      throw .unsuitable(
        name: "JPEG", reason: "\(width) x \(height) pixels exceed the limit of the format")
    }
    guard let handle = tjInitCompress() else {
      preconditionFailure("the JPEG library cannot start")
    }
    defer { tjDestroy(handle) }
    let layout =
      switch subsampling {
      case .none: TJSAMP_444
      case .horizontal: TJSAMP_422
      case .both: TJSAMP_420
      }
    var bytes: UnsafeMutablePointer<UInt8>?
    var count: UInt = 0
    defer { tjFree(bytes) }
    let status = pixels.withUnsafeBufferPointer { buffer in
      tjCompress2(
        handle, buffer.baseAddress!, Int32(width), Int32(width * 3), Int32(height),
        Int32(TJPF_RGB.rawValue), &bytes, &count, Int32(layout.rawValue), Int32(quality),
        TJFLAG_ACCURATEDCT)
    }
    guard status == 0, let bytes else { preconditionFailure("the JPEG library cannot encode") }
    return Data(bytes: bytes, count: Int(count))
  }

  /// Writes a PNG atomically.
  /// - `force`: whether an existing file may be replaced.
  public func writePNG(to url: URL, compression: Int = 6, force: Bool = false) throws(ImageError) {
    try ImageFile.write(pngData(compression: compression), to: url, force: force)
  }

  /// Writes a JPEG atomically.
  /// - `force`: whether an existing file may be replaced.
  public func writeJPEG(
    to url: URL, quality: Int = 75, subsampling: ChromaSubsampling = .both, force: Bool = false
  ) throws(ImageError) {
    try ImageFile.write(
      jpegData(quality: quality, subsampling: subsampling), to: url, force: force)
  }
}

/// Collects the output of libpng.
private final class DataSink {
  var data = Data()
}
