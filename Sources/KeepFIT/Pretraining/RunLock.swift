import Foundation

/// Keeps other processes from writing to a run's directory while this one does.
///
/// The lock is the system's (`flock`) on a file of the directory: it ends with the process that holds
/// it, however that ends, so that a run that was killed can be resumed at once.
public final class RunLock: Sendable {
  /// The name of the file in the run's directory.
  static let fileName = ".lock"

  private let handle: FileHandle
  /// Whether the file system knows no locks, so that nothing keeps a second writer out.
  public let isMissing: Bool

  /// Takes the lock of a directory, which must exist.
  /// - Throws: ``PretrainingError/locked(_:)`` when another process holds it.
  init(directory: URL) throws {
    let file = directory.appending(path: Self.fileName)
    let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw AtomicFile.failure(file.path)
    }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var code: Int32 = 0
    repeat { code = flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno } while code == EINTR
    if code == EWOULDBLOCK {
      let holder = (try? handle.readToEnd()).flatMap { $0 }
        .map { String(decoding: $0.prefix(100), as: UTF8.self) }?
        .trimmingCharacters(in: .whitespacesAndNewlines)
      throw PretrainingError.locked(
        "\(directory.path): another process writes to this run"
          + (holder.map { $0.isEmpty ? "" : " (\($0))" } ?? "") + "; wait for its end, or end it")
    }
    isMissing = code != 0
    guard code == 0 else { return }
    let process = ProcessInfo.processInfo
    try handle.truncate(atOffset: 0)
    try handle.write(
      contentsOf: Data("process \(process.processIdentifier) on \(process.hostName)\n".utf8))
  }
}
