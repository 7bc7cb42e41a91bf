import Foundation

/// The bytes of a file, mapped into memory: pages are read on first access, and nothing is copied.
///
/// Every access is checked against the file's size. Another program must not truncate the file while it is
/// mapped; files are replaced by renaming (see `AtomicFile`), which is safe.
public final class MappedFile: @unchecked Sendable {
  /// The name of the file, for messages.
  public let name: String
  /// The size in bytes.
  public let count: Int
  let base: UnsafeRawPointer
  private let isMapped: Bool

  /// Maps the file at `url`.
  /// - Throws: ``CheckpointError`` (`unreadable`) when it cannot be opened or is not a regular file.
  public init(contentsOf url: URL) throws {
    name = url.relativePath
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw CheckpointError(
        .unreadable, file: url.relativePath, "cannot be opened: \(systemErrorText())")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw CheckpointError(
        .unreadable, file: url.relativePath, "cannot be examined: \(systemErrorText())")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let what = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "a device or a pipe"
      throw CheckpointError(
        .unreadable, file: url.relativePath, "is \(what), expected a file")
    }
    count = Int(status.st_size)
    if count == 0 {
      base = UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 64))
      isMapped = false
      return
    }
    guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0),
      address != MAP_FAILED
    else {
      throw CheckpointError(
        .unreadable, file: url.relativePath,
        "its \(count) bytes cannot be mapped into memory: \(systemErrorText())")
    }
    base = UnsafeRawPointer(address)
    isMapped = true
  }

  /// Bytes that are in memory already, under a name for messages.
  public init(bytes: [UInt8], name: String) {
    self.name = name
    count = bytes.count
    let block = UnsafeMutableRawPointer.allocate(byteCount: max(1, count), alignment: 64)
    bytes.withUnsafeBytes {
      if let source = $0.baseAddress { block.copyMemory(from: source, byteCount: $0.count) }
    }
    base = UnsafeRawPointer(block)
    isMapped = false
  }

  deinit {
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: base), count)
    } else {
      UnsafeMutableRawPointer(mutating: base).deallocate()
    }
  }

  /// Whether `count` bytes from `offset` on lie inside the file.
  package func holds(_ length: Int, at offset: Int) -> Bool {
    offset >= 0 && length >= 0 && offset <= count && length <= count - offset
  }

  /// The bytes in `range`.
  /// - Precondition: the range lies inside the file.
  public func bytes(in range: Range<Int>) -> [UInt8] {
    precondition(holds(range.count, at: range.lowerBound), "\(range) is outside of \(name)")
    return Array(UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
  }

  /// The byte at `offset`.
  /// - Precondition: it lies inside the file.
  package func byte(at offset: Int) -> UInt8 {
    precondition(holds(1, at: offset), "byte \(offset) is outside of \(name)")
    return base.load(fromByteOffset: offset, as: UInt8.self)
  }

  /// The little-endian integer at `offset`, or nil when the file ends before.
  package func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: Integer.Type
  ) -> Integer? {
    guard holds(MemoryLayout<Integer>.size, at: offset) else { return nil }
    return Integer(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: type))
  }

  /// Whether the bytes at `offset` are those of `text`.
  package func matches(_ text: StaticString, at offset: Int) -> Bool {
    guard holds(text.utf8CodeUnitCount, at: offset) else { return false }
    return memcmp(base + offset, text.utf8Start, text.utf8CodeUnitCount) == 0
  }
}
