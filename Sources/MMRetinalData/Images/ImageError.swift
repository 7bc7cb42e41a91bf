import Foundation

/// What can be wrong with an image file.
///
/// Each case names the file (or whatever the bytes were called) and says what was found.
public enum ImageError: Error, Equatable, Sendable {
  /// The file is absent, a directory, or may not be read.
  case unreadable(name: String, reason: String)
  /// The file holds no bytes.
  case empty(name: String)
  /// The first bytes belong to no format that is read here.
  case unknownFormat(name: String, found: String)
  /// A valid file of a kind that is not read here.
  case unsupported(name: String, format: ImageFormat, reason: String)
  /// The file breaks the rules of its format.
  case damaged(name: String, format: ImageFormat, reason: String)
  /// The file ends before its image does.
  case truncated(name: String, format: ImageFormat, reason: String)
  /// More pixels than the limit allows.
  case tooLarge(name: String, width: Int, height: Int, limit: Int)
  /// The image cannot take this form: a side that would vanish, a wrong number of channels.
  case unsuitable(name: String, reason: String)
  /// A file of this name is there already and must not be overwritten.
  case exists(name: String)
  /// Writing failed.
  case unwritable(name: String, reason: String)
}

extension ImageError: LocalizedError, CustomStringConvertible {
  /// One line for people.
  public var description: String {
    switch self {
    case .unreadable(let name, let reason): "\(name): cannot be read: \(reason)"
    case .empty(let name): "\(name): an empty file, expected an image"
    case .unknownFormat(let name, let found):
      "\(name): expected a JPEG, PNG, TIFF or PPM/PGM image, found \(found)"
    case .unsupported(let name, let format, let reason):
      "\(name): this \(format) image is of a kind that is not read: \(reason)"
    case .damaged(let name, let format, let reason):
      "\(name): damaged \(format) image: \(reason)"
    case .truncated(let name, let format, let reason):
      "\(name): truncated \(format) image: \(reason)"
    case .tooLarge(let name, let width, let height, let limit):
      "\(name): \(width) x \(height) pixels are more than the limit of \(limit); raise the limit "
        + "to read it"
    case .unsuitable(let name, let reason): "\(name): \(reason)"
    case .exists(let name):
      "\(name): exists already; allow it to be replaced (--force) or name another file"
    case .unwritable(let name, let reason): "\(name): cannot be written: \(reason)"
    }
  }

  /// One line for people.
  public var errorDescription: String? { description }
}
