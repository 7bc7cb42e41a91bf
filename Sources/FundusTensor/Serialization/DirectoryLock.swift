import Foundation

/// A lock that keeps other processes from writing to a directory.
///
/// It is a system lock (`flock`) on the file `.lock` in the directory, which is released whenever the process
/// that holds it ends, so that work that was killed can be resumed immediately.
public final class DirectoryLock: Sendable {
  /// Another process holds the lock.
  public struct Held: Error, LocalizedError, CustomStringConvertible {
    /// The directory, and the process that holds the lock if that is known.
    public let description: String

    /// The same text as ``description``.
    public var errorDescription: String? { description }
  }

  /// The name of the lock file.
  package static let fileName = ".lock"

  private let file: String
  private let handle: FileHandle
  /// Whether the file system does not support locks, so that a second writer cannot be prevented.
  public let isMissing: Bool

  /// Locks a directory, which must exist.
  /// - Throws: ``Held`` when another process has locked it; ``CheckpointError`` when the lock file cannot be
  ///   written.
  public init(_ directory: URL) throws {
    file = directory.appending(path: Self.fileName).path
    while true {
      let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw AtomicFile.failure(file) }
      let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
      var code: Int32 = 0
      repeat { code = flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno } while code == EINTR
      if code == EWOULDBLOCK { throw Held(directory: directory, by: handle) }
      // The holder removes the file at its end: a lock on a removed file keeps nobody out.
      if code == 0, !Self.isSame(descriptor, file) { continue }
      self.handle = handle
      isMissing = code != 0
      break
    }
    guard !isMissing else { return }
    let process = ProcessInfo.processInfo
    try handle.truncate(atOffset: 0)
    try handle.write(
      contentsOf: Data("process \(process.processIdentifier) on \(process.hostName)\n".utf8))
  }

  deinit {
    if !isMissing, Self.isSame(handle.fileDescriptor, file) { unlink(file) }
  }

  /// Whether the name still belongs to the open file.
  private static func isSame(_ descriptor: Int32, _ file: String) -> Bool {
    var (open, named) = (stat(), stat())
    return fstat(descriptor, &open) == 0 && stat(file, &named) == 0
      && open.st_ino == named.st_ino && open.st_dev == named.st_dev
  }
}

extension DirectoryLock.Held {
  fileprivate init(directory: URL, by handle: FileHandle) {
    let holder = (try? handle.readToEnd()).flatMap { $0 }
      .map { String(decoding: $0.prefix(100), as: UTF8.self) }?
      .trimmingCharacters(in: .whitespacesAndNewlines)
    description =
      "\(directory.path): another process is writing to this directory"
      + (holder.map { $0.isEmpty ? "" : " (\($0))" } ?? "")
      + "; wait for it to finish, or stop it"
  }
}
