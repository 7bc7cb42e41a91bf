import Foundation

/// An error of an image file.
///
/// Each case names the file, or the name given for the data, and the problem.
public enum ImageError: Error, Equatable, Sendable {
  /// The file does not exist, is a directory, or is not readable.
  case unreadable(name: String, reason: String)
  /// The file is empty.
  case empty(name: String)
  /// The content is not a supported format.
  case unknownFormat(name: String, found: String)
  /// A valid file with unsupported features.
  case unsupported(name: String, format: ImageFormat, reason: String)
  /// The file is damaged.
  case damaged(name: String, format: ImageFormat, reason: String)
  /// The file is truncated.
  case truncated(name: String, format: ImageFormat, reason: String)
  /// The image has more pixels than the limit.
  case tooLarge(name: String, width: Int, height: Int, limit: Int)
  /// The image is unsuitable for an operation: a side that would vanish, a wrong number of channels.
  case unsuitable(name: String, reason: String)
  /// The file already exists and must not be overwritten.
  case exists(name: String)
  /// Writing failed.
  case unwritable(name: String, reason: String)
}

extension ImageError: LocalizedError, CustomStringConvertible {
  /// A one-line description.
  public var description: String {
    switch self {
    case .unreadable(let name, let reason): "\(name): cannot be read: \(reason)"
    case .empty(let name): "\(name): the file is empty, expected an image"
    case .unknownFormat(let name, let found):
      "\(name): expected a \(ImageFormat.names) image, found \(found)"
    case .unsupported(let name, let format, let reason):
      "\(name): this kind of \(format) image is not supported: \(reason)"
    case .damaged(let name, let format, let reason):
      "\(name): damaged \(format) image: \(reason)"
    case .truncated(let name, let format, let reason):
      "\(name): truncated \(format) image: \(reason)"
    case .tooLarge(let name, let width, let height, let limit):
      "\(name): \(width) x \(height) pixels exceed the limit of \(limit); raise the limit to read it"
    case .unsuitable(let name, let reason): "\(name): \(reason)"
    case .exists(let name):
      "\(name): already exists; replace it with --force, or choose another file"
    case .unwritable(let name, let reason): "\(name): cannot be written: \(reason)"
    }
  }

  /// A one-line description.
  public var errorDescription: String? { description }
}
