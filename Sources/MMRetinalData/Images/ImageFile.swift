import Foundation

/// Reading and writing of files, with errors of this module.
enum ImageFile {
  /// The bytes of a regular file. Refuses directories, pipes and devices, which could block.
  static func read(_ url: URL) throws(ImageError) -> Data {
    let name = url.path
    var type: FileAttributeType?
    do {
      let attributes = try FileManager.default.attributesOfItem(
        atPath: url.resolvingSymlinksInPath().path)
      type = attributes[.type] as? FileAttributeType
    } catch {
      let exists = FileManager.default.fileExists(atPath: name)
      throw .unreadable(name: name, reason: exists ? "permission denied" : "no such file")
    }
    if type == .typeDirectory { throw .unreadable(name: name, reason: "it is a directory") }
    guard type == .typeRegular else {
      throw .unreadable(name: name, reason: "it is not a regular file")
    }
    do { return try Data(contentsOf: url) } catch {
      throw .unreadable(name: name, reason: "permission denied, or the file was removed")
    }
  }

  static func format(of data: Data, name: String) throws(ImageError) -> ImageFormat {
    if data.isEmpty { throw .empty(name: name) }
    guard let format = ImageFormat(firstBytes: data) else {
      throw .unknownFormat(
        name: name,
        found: ForeignFormat.description(of: data)
          ?? ForeignFormat.hint(name: name, data: data))
    }
    return format
  }

  /// Refuses an image with more pixels than the limit, or more samples than the data can contain.
  ///
  /// - Parameters:
  ///   - bytes: the number of sample bytes according to the header.
  ///   - ratio: the maximum number of sample bytes per byte of the file; 0 if unknown.
  static func check(
    width: Int, height: Int, bytes: Int, ratio: Int, data: Data, name: String,
    format: ImageFormat, options: DecodingOptions
  ) throws(ImageError) {
    guard width > 0, height > 0 else {
      throw .damaged(name: name, format: format, reason: "it has \(width) x \(height) pixels")
    }
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, count <= options.pixelLimit else {
      throw .tooLarge(name: name, width: width, height: height, limit: options.pixelLimit)
    }
    if ratio > 0, !options.toleratesTruncation, bytes / ratio > data.count {
      throw .truncated(
        name: name, format: format,
        reason: "\(data.count) bytes are too few for \(width) x \(height) pixels")
    }
  }

  /// Creates a directory and its parents.
  static func makeDirectory(_ url: URL) throws(ImageError) {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(name: url.path, reason: reason(of: error))
    }
  }

  /// Writes to a temporary name next to the target, then renames.
  static func write(_ data: Data, to url: URL, force: Bool) throws(ImageError) {
    let manager = FileManager.default
    let name = url.path
    if !force, manager.fileExists(atPath: name) { throw .exists(name: name) }
    // Names have at most 255 bytes, including the temporary suffix.
    let stem = String(decoding: url.lastPathComponent.utf8.prefix(200), as: UTF8.self)
    let temporary = url.deletingLastPathComponent().appendingPathComponent(
      ".\(stem).\(UInt64.random(in: .min ... .max)).part")
    do {
      try data.write(to: temporary)
      guard rename(temporary.path, name) == 0 else {
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
      }
    } catch {
      try? manager.removeItem(at: temporary)
      let directory = url.deletingLastPathComponent().path
      throw .unwritable(
        name: name,
        reason: manager.fileExists(atPath: directory)
          ? reason(of: error) : "there is no directory \(directory)")
    }
  }

  private static func reason(of error: any Error) -> String {
    switch error {
    case CocoaError.fileWriteOutOfSpace, POSIXError.ENOSPC, POSIXError.EDQUOT: "the disk is full"
    case CocoaError.fileWriteNoPermission, POSIXError.EACCES, POSIXError.EROFS: "permission denied"
    case CocoaError.fileWriteFileExists: "a file with this name exists"
    default: error.localizedDescription
    }
  }
}
