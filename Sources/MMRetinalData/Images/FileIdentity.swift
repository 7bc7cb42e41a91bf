import Foundation
import FundusTensor

/// Identifies files with the same content.
package struct FileIdentity: Sendable {
  private let digests: [String: String]

  /// Reads only files of the same size as another one.
  package init(_ urls: [URL]) {
    var bySize: [Int: [URL]] = [:]
    for url in Dictionary(urls.map { ($0.path, $0) }, uniquingKeysWith: { $1 }).values {
      var status = stat()
      if stat(ImageAddress(url).file.path, &status) == 0 {
        bySize[Int(status.st_size), default: []].append(url)
      }
    }
    let candidates = bySize.values.filter { $0.count > 1 }.flatMap(\.self)
    let found = ThreadPool.map(candidates.count) { index in
      (try? ImageAddress.contents(candidates[index])).map { SHA256.hexDigest([UInt8]($0)) }
    }
    digests = Dictionary(
      uniqueKeysWithValues: zip(candidates, found).compactMap { url, digest in
        digest.map { (url.path, $0) }
      })
  }

  /// An identifier that is the same exactly for files with the same content; an unreadable file equals no other.
  package func key(_ url: URL) -> String { digests[url.path] ?? url.path }

  /// The number of `files`, each counted once, with the same content as one of `others`.
  package static func shared(_ files: [URL], among others: [URL]) -> Int {
    guard !files.isEmpty, !others.isEmpty else { return 0 }
    let identity = FileIdentity(files + others)
    let known = Set(others.map(identity.key))
    return Dictionary(files.map { ($0.path, $0) }, uniquingKeysWith: { $1 }).values
      .count { known.contains(identity.key($0)) }
  }
}
