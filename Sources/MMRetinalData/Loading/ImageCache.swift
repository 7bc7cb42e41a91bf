import Foundation
import Synchronization

/// Images that were decoded and resized before, kept in a directory.
///
/// An entry is named by a digest of the file's path, size and time of change and of how the image was
/// prepared, so that a changed file or setting never meets an old entry. Entries are written under a
/// temporary name and renamed: processes may share a directory, and one that is killed leaves nothing
/// half-written under a name that counts. Each entry carries a checksum; a damaged one is prepared again.
public final class ImageCache: Sendable {
  /// What became of the images that were asked for.
  public struct Statistics: Sendable, Hashable {
    /// Found in the cache.
    public var hits = 0
    /// Prepared because they were not there.
    public var misses = 0
    /// Prepared again because their entry was damaged.
    public var damaged = 0
    /// Prepared but not kept, because writing failed.
    public var unwritten = 0
    /// Why writing failed first.
    public var firstFailure: String?
  }

  /// The directory of the entries.
  public let directory: URL
  private let counts = Mutex(Statistics())

  /// A cache in a directory, which is made if need be.
  /// - Throws: ``ImageError`` when it cannot be made.
  public init(directory: URL) throws(ImageError) {
    self.directory = directory
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(name: directory.path, reason: error.localizedDescription)
    }
  }

  /// The size of the entry of an image of `imageSize` x `imageSize` pixels: 3 bytes a pixel, as they are,
  /// and a header.
  public static func entryBytes(imageSize: Int) -> Int {
    CacheEntry.headerBytes + 3 * imageSize * imageSize
  }

  /// The bytes that the directory holds already.
  public func storedBytes() -> Int {
    let files = FileManager.default.enumerator(
      at: directory, includingPropertiesForKeys: [.fileSizeKey])
    var sum = 0
    while let file = files?.nextObject() as? URL {
      sum += (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    }
    return sum
  }

  /// What became of the images so far.
  public var statistics: Statistics { counts.withLock { $0 } }

  /// The image of a file, from the cache or else prepared and kept.
  ///
  /// A cache that cannot be written is no reason to stop: the image is used all the same and the
  /// failure counted.
  /// - Parameters:
  ///   - url: the image's file.
  ///   - preparation: names everything that decides the prepared pixels.
  ///   - prepare: makes the image from the file.
  public func image(
    of url: URL, preparation: String, prepare: () throws -> FundusImage
  ) throws -> FundusImage {
    guard let key = Self.key(of: url, preparation: preparation) else { return try prepare() }
    let entry = self.entry(of: key)
    // Mapped reading would trap if another process cut the file short.
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

  /// The entry's file: 256 directories keep each of them small.
  private func entry(of key: String) -> URL {
    directory.appending(path: String(key.prefix(2))).appending(path: key + ".image")
  }

  /// 64 hexadecimal digits; nil when the file is not there, which the preparation tells better.
  private static func key(of url: URL, preparation: String) -> String? {
    var status = stat()
    guard stat(url.path, &status) == 0 else { return nil }
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

/// The bytes of an entry: a mark, the key, width, height, a checksum of the pixels, the pixels.
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

  /// The image, or nil for anything but a whole and undamaged entry of this key.
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

  /// Four interleaved sums of multiplied bytes, quick enough to check at each reading. Guards against
  /// decay, not against malice.
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
