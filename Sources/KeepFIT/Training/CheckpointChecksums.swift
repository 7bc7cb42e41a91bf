import Foundation

/// The checksums of a checkpoint's files, so that corruption on disk is detected before training resumes.
/// Checkpoints of older versions have none, and are not checked.
enum CheckpointChecksums {
  private static let fileName = "checksums.json"

  /// Writes `checksums.json` into a directory that holds all other files already.
  static func write(for folder: URL) throws {
    var digests: [String: String] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      let file = folder.appending(path: name)
      guard FileManager.default.isDirectory(file.path) == false else { continue }
      digests[name] = try MappedFile(contentsOf: file).digest
    }
    try AtomicFile.write(
      JSONText.encode(digests, pretty: true) + "\n", to: folder.appending(path: fileName),
      force: true)
  }

  /// Checks every file that was there when the checksums were written.
  /// - Throws: `CheckpointError` that names the first file that is missing or has changed.
  static func verify(_ folder: URL) throws {
    let list = folder.appending(path: fileName)
    guard FileManager.default.fileExists(atPath: list.path) else { return }
    guard
      let digests = try? JSONDecoder().decode(
        [String: String].self, from: Data(contentsOf: list))
    else { throw CheckpointError(.malformed, file: list.relativePath, "is damaged") }
    for (name, digest) in digests.sorted(by: { $0.key < $1.key }) {
      let file = folder.appending(path: name)
      if try MappedFile(contentsOf: file).digest != digest {
        throw CheckpointError(
          .malformed, file: file.relativePath,
          "has changed since it was written; its checksum does not match")
      }
    }
  }
}
