import Foundation

/// Finds files with the same content.
enum SharedFiles {
  /// The number of `files`, each counted once, with the same content as one of `others`. Only files of equal
  /// size are read; an unreadable file equals no other.
  static func count(of files: [URL], among others: [URL]) -> Int {
    func bySize(_ urls: [URL]) -> [Int: Set<URL>] {
      var result: [Int: Set<URL>] = [:]
      for url in Set(urls.map(\.standardizedFileURL)) {
        if let size = size(of: url), size > 0 { result[size, default: []].insert(url) }
      }
      return result
    }
    let candidates = bySize(files)
    guard !candidates.isEmpty else { return 0 }
    let known = bySize(others)
    return candidates.reduce(0) { sum, group in
      guard let same = known[group.key] else { return sum }
      let digests = Set(same.compactMap(digest))
      return sum + group.value.count { digest(of: $0).map(digests.contains) ?? false }
    }
  }

  private static func size(of url: URL) -> Int? {
    var status = stat()
    return stat(ImageAddress(url).file.path, &status) == 0 ? Int(status.st_size) : nil
  }

  private static func digest(of url: URL) -> String? {
    (try? ImageAddress.contents(url)).map { SHA256.hexDigest([UInt8]($0)) }
  }
}
