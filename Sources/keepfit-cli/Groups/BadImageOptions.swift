import Foundation
import KeepFIT

/// `--on-bad-image`
struct BadImageOptions: OptionGroup {
  let policy: Option<BadImagePolicy>

  /// - Parameter skipping: what `skip` does.
  init(skipping: String = "leave them out, list them and exit with 1") {
    policy = Option(
      "on-bad-image", "POLICY", default: .fail,
      help: "Unusable images: stop at the first one (fail), or \(skipping) (skip).")
  }

  /// With `skip`, the images that can be decoded and the others; all images without it. For work on all images
  /// together, which cannot leave one out on the way.
  /// - Parameters:
  ///   - files: the images.
  ///   - decode: decodes an image; called on several threads.
  /// - Throws: a usage error if none can be decoded.
  func usable(
    _ files: [ImageList.Item], decode: @Sendable (URL) throws(ImageError) -> Void
  ) throws -> (files: [ImageList.Item], skipped: [SkippedImage]) {
    guard policy.value == .skip else { return (files, []) }
    let reasons = ThreadPool.map(files.count) { index -> String? in
      do throws(ImageError) {
        try decode(files[index].url)
        return nil
      } catch {
        return "\(error)"
      }
    }
    let skipped = zip(files, reasons).compactMap { file, reason in
      reason.map { SkippedImage(id: file.name, reason: $0) }
    }
    guard skipped.count < files.count else {
      throw CommandError.usage("none of the images can be used: \(skipped[0].reason)")
    }
    return (zip(files, reasons).compactMap { $1 == nil ? $0 : nil }, skipped)
  }

  /// Lists the images that were left out, and ends the command with exit code 1 if there were any.
  static func report(_ skipped: [SkippedImage], of count: Int) throws {
    guard !skipped.isEmpty else { return }
    for image in skipped { Console.warn("skipped: \(image.reason)") }
    throw CommandError.failure(
      "\(skipped.count) of \(count) \(count == 1 ? "image" : "images") could not be used and "
        + "\(skipped.count == 1 ? "was" : "were") skipped")
  }
}
