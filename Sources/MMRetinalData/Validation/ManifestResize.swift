import Foundation
import FundusTensor
import Synchronization

/// Resizes all pictures of manifests into a tree of their own, under the same paths.
///
/// A run that was interrupted goes on where it stopped: pictures that are there already are kept, and
/// none is ever there in part, because files are renamed into place when they are whole.
public struct ManifestResize: Sendable {
  /// What became of the pictures.
  public struct Outcome: Sendable, Codable, Hashable {
    /// Pictures that were written.
    public var written = 0
    /// Pictures that were there already.
    public var kept = 0
    /// Why the others could not be made, in the order of the manifests.
    public var failures: [String] = []
  }

  /// How a picture is resized and stored.
  public var resize: OfflineResize
  /// Whether pictures that are there already are made again.
  public var force = false

  /// Resizes as described.
  public init(_ resize: OfflineResize) { self.resize = resize }

  /// Resizes the pictures of manifests.
  /// - Parameters:
  ///   - manifests: rows that name one file twice are worked at once.
  ///   - target: the root of the resized pictures.
  ///   - progress: is told how many of how many pictures are done, from any thread.
  /// - Throws: ``ImageError/unsuitable(name:reason:)`` when the target is the root of a manifest, where
  ///   the originals are.
  public func run(
    _ manifests: [Manifest], to target: URL,
    progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
  ) throws -> Outcome {
    let targetPath = target.resolvingSymlinksInPath().standardizedFileURL.path
    var work: [(source: URL, target: URL)] = []
    var seen: Set<String> = []
    for manifest in manifests {
      guard manifest.root.resolvingSymlinksInPath().standardizedFileURL.path != targetPath else {
        throw ImageError.unsuitable(
          name: target.path,
          reason: "the original pictures are here; choose another directory for the resized ones")
      }
      for row in manifest.rows {
        let destination = target.appending(path: row.image)
        if seen.insert(destination.path).inserted {
          work.append((manifest.imageURL(of: row), destination))
        }
      }
    }
    let outcomes = Mutex([Result<Bool, any Error>?](repeating: nil, count: work.count))
    let done = Mutex(0)
    ThreadPool.forEach(work.count) { index in
      let result = Result { try make(work[index].source, work[index].target) }
      outcomes.withLock { $0[index] = result }
      let count = done.withLock { done in
        done += 1
        return done
      }
      progress?(count, work.count)
    }
    var outcome = Outcome()
    for result in outcomes.withLock({ $0 }) {
      switch result {
      case .success(true): outcome.written += 1
      case .success(false): outcome.kept += 1
      case .failure(let error): outcome.failures.append("\(error)")
      case nil: preconditionFailure("a picture was not looked at")
      }
    }
    return outcome
  }

  /// Whether the picture was written, not kept.
  private func make(_ source: URL, _ target: URL) throws -> Bool {
    if !force, FileManager.default.fileExists(atPath: target.path) { return false }
    try FileManager.default.createDirectory(
      at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try resize.resize(from: source, to: target, force: force)
    return true
  }
}
