import Foundation

/// A cache of decoded and resized images in a directory.
///
/// The key of an entry is a digest of the file's path, size, modification time and preprocessing, so that a
/// changed file or setting never matches an old entry. Entries are written atomically, so that processes can
/// share a directory. Each entry has a checksum; damaged entries are replaced.
public final class ImageCache: Sendable {
  /// Counts of cache accesses.
  public struct Statistics: Sendable, Hashable {
    /// Cache hits.
    public var hits = 0
    /// Cache misses.
    public var misses = 0
    /// Damaged entries that were replaced.
    public var damaged = 0
    /// Entries that could not be written.
    public var unwritten = 0
    /// The first error while writing.
    public var firstFailure: String?
  }

  /// The directory of the entries.
  public let directory: URL
  private let counts = Guarded(Statistics())

  /// Creates a cache in a directory, which is created if needed.
  /// - Throws: ``ImageError`` when it cannot be created.
  public init(directory: URL) throws(ImageError) {
    self.directory = directory
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(name: directory.path, reason: error.localizedDescription)
    }
  }

  /// The size of an entry of `imageSize` x `imageSize` pixels: 3 bytes per pixel, uncompressed, and a header.
  public static func entryBytes(imageSize: Int) -> Int {
    CacheEntry.headerBytes + 3 * imageSize * imageSize
  }

  /// The total size of the entries in the directory, in bytes.
  public func storedBytes() -> Int {
    let files = FileManager.default.enumerator(
      at: directory, includingPropertiesForKeys: [.fileSizeKey])
    var sum = 0
    while let file = files?.nextObject() as? URL {
      sum += (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    }
    return sum
  }

  /// The counts so far.
  public var statistics: Statistics { counts.withLock { $0 } }

  /// The image of a file, from the cache or else prepared and stored.
  ///
  /// If the cache cannot be written, the image is returned anyway and the failure is counted.
  /// - Parameters:
  ///   - url: the image file.
  ///   - preparation: an identifier of everything that determines the prepared pixels.
  ///   - prepare: prepares the image from the file.
  public func image(
    of url: URL, preparation: String, prepare: () throws -> FundusImage
  ) throws -> FundusImage {
    guard let key = Self.key(of: url, preparation: preparation) else { return try prepare() }
    let entry = self.entry(of: key)
    // Memory-mapped reading would trap if another process truncated the file.
    if let data = try? Data(contentsOf: entry) {
      if let image = CacheEntry.decode([UInt8](data), key: key) {
        counts.withLock { $0.hits += 1 }
        return image
      }
      counts.withLock { $0.damaged += 1 }
    } else {
      counts.withLock { $0.misses += 1 }
    }
    let image = try prepare()
    do {
      try FileManager.default.createDirectory(
        at: entry.deletingLastPathComponent(), withIntermediateDirectories: true)
      try ImageFile.write(Data(CacheEntry.encode(image, key: key)), to: entry, force: true)
    } catch {
      counts.withLock {
        $0.unwritten += 1
        $0.firstFailure = $0.firstFailure ?? "\(error)"
      }
    }
    return image
  }

  /// The file of an entry, in one of 256 subdirectories.
  private func entry(of key: String) -> URL {
    directory.appending(path: String(key.prefix(2))).appending(path: key + ".image")
  }

  /// The key, 64 hexadecimal digits; nil if the file does not exist, which the preparation reports.
  private static func key(of url: URL, preparation: String) -> String? {
    var status = stat()
    guard stat(ImageAddress(url).file.path, &status) == 0 else { return nil }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    let path = url.standardizedFileURL.path
    let text = "\(path)\n\(status.st_size)\n\(time.tv_sec).\(time.tv_nsec)\n\(preparation)"
    return SHA256.hexDigest(Array(text.utf8))
  }
}

/// The bytes of an entry: a signature, the key, width, height, a checksum of the pixels, the pixels.
enum CacheEntry {
  private static let mark = Array("KeepFIT image 1\n".utf8)
  static let headerBytes = mark.count + 64 + 4 + 4 + 8

  static func encode(_ image: FundusImage, key: String) -> [UInt8] {
    precondition(key.utf8.count == 64)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(headerBytes + image.pixels.count)
    bytes += mark
    bytes += key.utf8
    append(UInt64(image.width), 4, to: &bytes)
    append(UInt64(image.height), 4, to: &bytes)
    append(checksum(image.pixels[...]), 8, to: &bytes)
    bytes += image.pixels
    return bytes
  }

  /// The image, or nil unless this is a complete and valid entry of the key.
  static func decode(_ bytes: [UInt8], key: String) -> FundusImage? {
    guard bytes.count > headerBytes, bytes.starts(with: mark),
      bytes[mark.count..<mark.count + 64].elementsEqual(key.utf8)
    else { return nil }
    let start = mark.count + 64
    let width = Int(number(bytes[start..<start + 4]))
    let height = Int(number(bytes[start + 4..<start + 8]))
    let (area, overflow) = width.multipliedReportingOverflow(by: height)
    guard width > 0, height > 0, !overflow, area <= bytes.count,
      bytes.count == headerBytes + area * 3,
      checksum(bytes[headerBytes...]) == number(bytes[start + 8..<start + 16])
    else { return nil }
    return FundusImage(width: width, height: height, pixels: Array(bytes[headerBytes...]))
  }

  private static func append(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
    for shift in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * shift))) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A fast checksum of four interleaved sums of multiplied bytes, verified at each access. It protects against
  /// corruption, not against tampering.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    var lanes: (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
    let prime: UInt64 = 0x9E37_79B9_7F4A_7C15
    let span = bytes.span
    var index = 0
    while index + 4 <= span.count {
      lanes.0 = (lanes.0 ^ UInt64(span[index])) &* prime
      lanes.1 = (lanes.1 ^ UInt64(span[index + 1])) &* prime
      lanes.2 = (lanes.2 ^ UInt64(span[index + 2])) &* prime
      lanes.3 = (lanes.3 ^ UInt64(span[index + 3])) &* prime
      index += 4
    }
    while index < span.count {
      lanes.0 = (lanes.0 ^ UInt64(span[index])) &* prime
      index += 1
    }
    var result = UInt64(bytes.count)
    for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
      result = (result ^ lane ^ lane >> 29) &* prime
    }
    return result ^ result >> 32
  }
}
