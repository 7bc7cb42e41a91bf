import Foundation
import FundusTensor

/// The record of how the images of a directory were resized, stored next to them.
///
/// Its modification time matters as well: older images have other settings, which a run with `--force`
/// replaced, and are written again even if that run was interrupted.
struct ResizeRecord: Codable, Equatable {
  static let name = ".keepfit-resize.json"

  private var format = 1
  private var preprocessing: Preprocessing
  private var quantization: OfflineResize.Quantization
  private var jpegQuality: Int
  private var jpegSubsampling: String

  private enum CodingKeys: String, CodingKey {
    case format, preprocessing, quantization
    case jpegQuality = "jpeg_quality"
    case jpegSubsampling = "jpeg_subsampling"
  }

  init(_ resize: OfflineResize) {
    preprocessing = resize.preprocessing
    quantization = resize.quantization
    jpegQuality = resize.jpegQuality
    jpegSubsampling = "\(resize.jpegSubsampling)"
  }

  /// Checks that the directory may receive images with these settings, and writes the record.
  /// - Parameters:
  ///   - files: the images to write.
  ///   - force: whether images with other settings may be replaced.
  /// - Returns: the time of the record; older images have other settings.
  func begin(in directory: URL, files: [URL], force: Bool) throws -> timespec {
    let file = directory.appending(path: Self.name)
    if let data = try? Data(contentsOf: file) {
      let other = try? JSONDecoder().decode(ResizeRecord.self, from: data)
      if other == self, !force, let time = Self.changed(file) { return time }
      if !force {
        throw ImageError.unsuitable(
          name: directory.path,
          reason: "the existing images were resized with other settings"
            + (other.map { " (\(differences(from: $0)))" } ?? "")
            + "; choose another directory, or replace them with --force")
      }
    } else if !force {
      let present = files.filter { Self.changed($0) != nil }
      if let first = present.first {
        throw ImageError.unsuitable(
          name: directory.path,
          reason:
            "\(present.count) of the images exist already, such as \(first.lastPathComponent), without a "
            + "record of their settings; choose another directory, or replace them with --force")
      }
    }
    // The clock of file systems ticks every few milliseconds: an image of the same tick would pass for a newer one.
    if Self.changed(file) != nil { usleep(20_000) }
    do {
      try AtomicFile.write(JSONText.encode(self) + "\n", to: file, force: true)
    } catch {
      throw ImageError.unwritable(name: file.path, reason: "\(error)")
    }
    guard let time = Self.changed(file) else {
      throw ImageError.unwritable(name: file.path, reason: "it was removed")
    }
    return time
  }

  private func differences(from other: ResizeRecord) -> String {
    var parts: [String] = []
    if other.preprocessing.imageSize != preprocessing.imageSize {
      parts.append(
        "--size \(other.preprocessing.imageSize) before, \(preprocessing.imageSize) now")
    }
    if other.jpegQuality != jpegQuality {
      parts.append("--quality \(other.jpegQuality) before, \(jpegQuality) now")
    }
    if other.preprocessing.decoding.appliesOrientation != preprocessing.decoding.appliesOrientation
    {
      parts.append("another --exif-orientation")
    }
    if other.preprocessing.decoding.deepGray != preprocessing.decoding.deepGray {
      parts.append("another --gray16")
    }
    return parts.isEmpty ? "another preprocessing" : parts.joined(separator: "; ")
  }

  /// The modification time of a file; nil if it does not exist.
  static func changed(_ url: URL) -> timespec? {
    var status = stat()
    guard stat(url.path, &status) == 0 else { return nil }
    #if canImport(Darwin)
      return status.st_mtimespec
    #else
      return status.st_mtim
    #endif
  }

  static func isOlder(_ a: timespec, than b: timespec) -> Bool {
    (a.tv_sec, a.tv_nsec) < (b.tv_sec, b.tv_nsec)
  }
}
