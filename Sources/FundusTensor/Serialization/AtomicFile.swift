import Foundation
import Synchronization

/// Writes files atomically, so that a reader sees the old or the complete new file: under a temporary name in
/// the same directory, flushed to disk, then renamed.
package enum AtomicFile {
  private static let serial = Atomic<Int>(0)

  /// Receives the bytes of a file in order.
  package struct Writer: ~Copyable {
    let descriptor: Int32
    let file: String
    /// Bytes written so far.
    package private(set) var count = 0
    private var buffer: [UInt8] = []

    init(descriptor: Int32, file: String) {
      self.descriptor = descriptor
      self.file = file
    }

    /// Appends bytes.
    package mutating func write(_ bytes: [UInt8]) throws {
      count += bytes.count
      buffer += bytes
      if buffer.count >= 1 << 16 { try flush() }
    }

    /// Appends a little-endian integer.
    package mutating func write<Integer: FixedWidthInteger>(_ value: Integer) throws {
      try write(withUnsafeBytes(of: value.littleEndian) { Array($0) })
    }

    /// Appends the elements of a tensor as little-endian single precision.
    package mutating func write(_ tensor: Tensor) throws {
      try write(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * 4))
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
      try flush()
      count += bytes.count
      try send(bytes)
    }

    mutating func flush() throws {
      try buffer.withUnsafeBytes { try send($0) }
      buffer.removeAll(keepingCapacity: true)
    }

    private func send(_ bytes: UnsafeRawBufferPointer) throws {
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 26))
        let written = Foundation.write(descriptor, piece.baseAddress, piece.count)
        if written < 0 {
          if errno == EINTR { continue }
          throw AtomicFile.failure(file)
        }
        rest = rest.dropFirst(written)
      }
    }
  }

  /// Writes the file at `url` with whatever `body` gives to the writer.
  ///
  /// - `force`: whether an existing file may be replaced.
  /// - Throws: ``CheckpointError``: `exists`, or `unwritable` with the reason that the system gives
  ///   (a full disk, a missing directory, missing rights); and whatever `body` throws. Nothing is
  ///   left behind then.
  package static func write(
    to url: URL, force: Bool, _ body: (inout Writer) throws -> Void
  ) throws {
    let file = url.relativePath
    let exists = CheckpointError(
      .exists, file: file, "already exists; replace it with --force, or choose another file")
    var status = stat()
    if stat(url.path, &status) == 0 {
      guard force else { throw exists }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw CheckpointError(.unwritable, file: file, "is not a regular file and is not replaced")
      }
    }
    let directory = url.deletingLastPathComponent().path
    let mark = "\(getpid())-\(serial.add(1, ordering: .relaxed).newValue)"
    // Names have at most 255 bytes, including the temporary suffix.
    let stem = String(decoding: url.lastPathComponent.utf8.prefix(200), as: UTF8.self)
    let temporary = directory + "/.\(stem).\(mark).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(file) }
    var isOpen = true
    do {
      var writer = Writer(descriptor: descriptor, file: file)
      try body(&writer)
      try writer.flush()
      guard fsync(descriptor) == 0 else { throw failure(file) }
      isOpen = false
      guard close(descriptor) == 0 else { throw failure(file) }
      if force {
        guard rename(temporary, url.path) == 0 else { throw failure(file) }
      } else if link(temporary, url.path) == 0 {
        // A link fails if the file was created meanwhile, whereas a rename would replace it.
        unlink(temporary)
      } else if errno == EEXIST {
        throw exists
      } else {
        guard rename(temporary, url.path) == 0 else { throw failure(file) }
      }
    } catch {
      if isOpen { close(descriptor) }
      unlink(temporary)
      throw error
    }
    // The file is in place; a file system that cannot synchronize directories is not a failure.
    try? synchronize(URL(filePath: directory))
  }

  /// Waits until a file, or the names in a directory, are on the disk.
  /// - Throws: ``CheckpointError`` (`unwritable`) when the disk does not take them.
  package static func synchronize(_ url: URL) throws {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(url.path) }
    defer { close(descriptor) }
    // Some network file systems do not support this call for directories.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(url.path) }
  }

  /// Waits until everything in a directory, the names included, is on the disk.
  /// - Throws: as ``synchronize(_:)``, or `CocoaError` when a directory cannot be read.
  package static func synchronizeTree(_ url: URL) throws {
    if FileManager.default.isDirectory(url.path) == true {
      for name in try FileManager.default.contentsOfDirectory(atPath: url.path) {
        try synchronizeTree(url.appending(path: name))
      }
    }
    try synchronize(url)
  }

  /// Writes a text file.
  /// - Throws: as ``write(to:force:_:)`` does.
  package static func write(_ text: String, to url: URL, force: Bool) throws {
    try write(to: url, force: force) { try $0.write(Array(text.utf8)) }
  }

  /// The system's reason for refusing to write a file, by default of the last call.
  package static func failure(_ file: String, _ code: Int32 = errno) -> CheckpointError {
    let hint =
      switch code {
      case ENOSPC, EDQUOT: "cannot be written, the disk is full"
      case ENOENT: "cannot be written, its directory does not exist"
      default: "cannot be written"
      }
    return CheckpointError(.unwritable, file: file, "\(hint) (\(systemErrorText(code)))")
  }
}
