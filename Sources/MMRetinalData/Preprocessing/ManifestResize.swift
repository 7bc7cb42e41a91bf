import Foundation
import FundusTensor

/// Resizes all images of manifests into another directory, under the same paths.
///
/// A record next to the images (`.keepfit-resize.json`) stores the settings. An interrupted run can be
/// resumed: existing images with the same settings are kept, and files are written atomically. Different
/// settings are refused, or, with ``force``, all images are written again.
public struct ManifestResize: Sendable {
  /// The outcome of a run.
  public struct Outcome: Sendable, Codable, Hashable {
    /// The number of images written.
    public var written = 0
    /// The number of existing images that were kept.
    public var kept = 0
    /// The errors of the other images, in manifest order.
    public var failures: [String] = []
  }

  /// The resize settings.
  public var resize: OfflineResize
  /// Whether existing images are written again.
  public var force = false

  /// The handling of images that cannot be read: with `.fail`, the first one ends the run; with `.skip`, they are
  /// counted as failures.
  public var onBadImage = BadImagePolicy.skip

  /// Creates a resize of manifests.
  public init(_ resize: OfflineResize) { self.resize = resize }

  /// Resizes the images of manifests.
  /// - Parameters:
  ///   - manifests: the manifests; an image in several rows is resized once.
  ///   - target: the root directory of the resized images.
  ///   - progress: called with the numbers of completed and total images, from any thread.
  /// - Throws: ``ImageError/unsuitable(name:reason:)`` before any work if an image would overwrite an original
  ///   or another image, or if the target contains images with other settings and ``force`` is off;
  ///   `DirectoryLock.Held` when another process writes there;
  ///   ``ImageError/unwritable(name:reason:)`` as soon as a file cannot be written; with ``onBadImage`` `.fail` also
  ///   the error of the first image that cannot be read.
  public func run(
    _ manifests: [Manifest], to target: URL,
    progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
  ) throws -> Outcome {
    let work = try Self.plan(manifests, to: target)
    try ImageFile.makeDirectory(target)
    let lock = try DirectoryLock(target)
    defer { withExtendedLifetime(lock) {} }
    let record = ResizeRecord(resize)
    let since = try record.begin(in: target, files: work.map(\.target), force: force)
    let outcomes = Guarded([Result<Bool, ImageError>?](repeating: nil, count: work.count))
    let state = Guarded((done: 0, stop: ImageError?.none))
    ThreadPool.forEach(work.count) { index in
      guard state.withLock({ $0.stop == nil }) else { return }
      let result: Result<Bool, ImageError>
      do throws(ImageError) {
        result = .success(try make(work[index].source, work[index].target, since: since))
      } catch {
        result = .failure(error)
      }
      outcomes.withLock { $0[index] = result }
      let count = state.withLock { state in
        state.done += 1
        if case .failure(let error) = result, state.stop == nil, endsRun(error) {
          state.stop = error
        }
        return state.done
      }
      progress?(count, work.count)
    }
    if let stop = state.withLock({ $0.stop }) { throw stop }
    var outcome = Outcome()
    for result in outcomes.withLock({ $0 }) {
      switch result {
      case .success(true): outcome.written += 1
      case .success(false): outcome.kept += 1
      case .failure(let error): outcome.failures.append("\(error)")
      case nil: preconditionFailure("an image was not processed")
      }
    }
    return outcome
  }

  private func endsRun(_ error: ImageError) -> Bool {
    if case .unwritable = error { return true }
    return onBadImage == .fail
  }

  /// The source and target files, in manifest order.
  private static func plan(
    _ manifests: [Manifest], to target: URL
  ) throws(ImageError) -> [(source: URL, target: URL)] {
    var work: [(source: URL, target: URL)] = []
    var sourceOf: [String: String] = [:]
    var collisions: [String] = []
    for manifest in manifests {
      for row in manifest.rows {
        guard !row.image.hasPrefix("/") else {
          throw .unsuitable(
            name: row.image,
            reason: "the path is absolute; give a root directory that contains the image")
        }
        let source = manifest.imageURL(of: row)
        let destination = target.appending(path: row.image)
        let original = source.resolvingSymlinksInPath().standardizedFileURL.path
        if original == destination.resolvingSymlinksInPath().standardizedFileURL.path {
          throw .unsuitable(
            name: target.path,
            reason: "the original images are here; choose another directory for the resized ones")
        }
        switch sourceOf.updateValue(original, forKey: destination.standardizedFileURL.path) {
        case nil: work.append((source, destination))
        case original?: break
        case let other?: collisions.append("\(other) and \(original) are both '\(row.image)'")
        }
      }
    }
    if let first = collisions.first {
      let rest = collisions.count - 1
      throw .unsuitable(
        name: target.path,
        reason: "different images have the same path: \(first)"
          + (rest > 0 ? ", and \(rest) more" : "")
          + "; resize each root into a separate directory")
    }
    return work
  }

  /// Whether the image was written, rather than kept.
  private func make(_ source: URL, _ target: URL, since: timespec) throws(ImageError) -> Bool {
    if !force, let time = ResizeRecord.changed(target), !ResizeRecord.isOlder(time, than: since) {
      return false
    }
    try ImageFile.makeDirectory(target.deletingLastPathComponent())
    try resize.resize(from: source, to: target, force: true)
    return true
  }
}
