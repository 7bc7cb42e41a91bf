import Foundation
import FundusTensor
import Synchronization

/// Resizes all images of manifests into a tree of their own, under the same paths.
///
/// A small record beside the images (`.keepfit-resize.json`) says how they were made. A run that was
/// interrupted goes on where it stopped: images of the same settings are kept, and none is ever there
/// in part, because files are renamed into place when they are whole. Other settings are refused, or with
/// ``force`` all images are made again.
public struct ManifestResize: Sendable {
  /// What became of the images.
  public struct Outcome: Sendable, Codable, Hashable {
    /// Images that were written.
    public var written = 0
    /// Images that were there already.
    public var kept = 0
    /// Why the others could not be made, in the order of the manifests.
    public var failures: [String] = []
  }

  /// How an image is resized and stored.
  public var resize: OfflineResize
  /// Whether images that are there already are made again.
  public var force = false

  /// Resizes as described.
  public init(_ resize: OfflineResize) { self.resize = resize }

  /// Resizes the images of manifests.
  /// - Parameters:
  ///   - manifests: rows that name one file twice are worked at once.
  ///   - target: the root of the resized images.
  ///   - progress: is told how many of how many images are done, from any thread.
  /// - Throws: ``ImageError/unsuitable(name:reason:)`` before any work when an image would be written
  ///   over an original or over another image, or when the target holds images of other settings and
  ///   ``force`` is off; ``ImageError/unwritable(name:reason:)`` as soon as a file cannot be written.
  public func run(
    _ manifests: [Manifest], to target: URL,
    progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
  ) throws -> Outcome {
    let work = try Self.plan(manifests, to: target)
    let record = ResizeRecord(resize)
    let since = try record.begin(in: target, files: work.map(\.target), force: force)
    let outcomes = Mutex([Result<Bool, ImageError>?](repeating: nil, count: work.count))
    let state = Mutex((done: 0, stop: ImageError?.none))
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
        if case .failure(.unwritable(let name, let reason)) = result {
          state.stop = .unwritable(name: name, reason: reason)
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
      case nil: preconditionFailure("an image was not looked at")
      }
    }
    return outcome
  }

  /// Which file becomes which, in the order of the manifests.
  private static func plan(
    _ manifests: [Manifest], to target: URL
  ) throws(ImageError) -> [(source: URL, target: URL)] {
    var work: [(source: URL, target: URL)] = []
    var sourceOf: [String: String] = [:]
    var collisions: [String] = []
    for manifest in manifests {
      for row in manifest.rows {
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
        reason: "different images have one path: \(first)"
          + (rest > 0 ? ", and \(rest) more" : "")
          + "; resize each root into a directory of its own")
    }
    return work
  }

  /// Whether the image was written, not kept.
  private func make(_ source: URL, _ target: URL, since: timespec) throws(ImageError) -> Bool {
    if !force, let time = ResizeRecord.changed(target), !ResizeRecord.isOlder(time, than: since) {
      return false
    }
    try ImageFile.makeDirectory(target.deletingLastPathComponent())
    try resize.resize(from: source, to: target, force: true)
    return true
  }
}
