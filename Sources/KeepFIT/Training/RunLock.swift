import Foundation

/// A lock that keeps other processes from writing to a run directory.
///
/// It is a system lock (`flock`) on a file in the directory, which is released whenever the process that
/// holds it ends, so that a killed run can be resumed immediately.
public final class RunLock: Sendable {
  /// The name of the lock file in the run directory.
  static let fileName = ".lock"

  private let handle: FileHandle
  /// Whether the file system does not support locks, so that a second writer cannot be prevented.
  public let isMissing: Bool

  /// Locks a directory, which must exist.
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
        "\(directory.path): another process is writing to this run"
          + (holder.map { $0.isEmpty ? "" : " (\($0))" } ?? "")
          + "; wait for it to finish, or stop it")
    }
    isMissing = code != 0
    guard code == 0 else { return }
    let process = ProcessInfo.processInfo
    try handle.truncate(atOffset: 0)
    try handle.write(
      contentsOf: Data("process \(process.processIdentifier) on \(process.hostName)\n".utf8))
  }
}
