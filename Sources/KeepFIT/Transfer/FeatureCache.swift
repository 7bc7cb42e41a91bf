import Foundation

/// A cache of raw image features on disk, keyed by the model's fingerprint, the preprocessing and the
/// content of the images, so that images can be renamed or moved.
///
/// New features are written to a new file, `<key>-<content>.safetensors`, where the key identifies model and
/// preprocessing and the content the images, so that every feature is written once and several processes
/// can share a directory. Damaged files are ignored.
public struct FeatureCache: Sendable {
  /// The directory of the files.
  public let directory: URL

  /// Creates a cache in a directory, which is created when the first file is written.
  public init(directory: URL) { self.directory = directory }

  /// The model and preprocessing of the features in a file.
  struct Key: Sendable, Hashable {
    let model: String
    let preparation: String

    /// The prefix of the names of all files with this key.
    var stem: String {
      String(SHA256.hexDigest(Array("\(model)\n\(preparation)".utf8)).prefix(32))
    }
  }

  /// The cached features of a key, by image digest.
  func load(_ key: Key, width: Int) -> [String: [Float]] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    var result: [String: [Float]] = [:]
    let stem = key.stem
    for name in names.sorted() where name.hasPrefix(stem) && name.hasSuffix(".safetensors") {
      guard let file = try? SafetensorsFile(contentsOf: directory.appendingPathComponent(name)),
        file.metadata["model"] == key.model, file.metadata["preparation"] == key.preparation,
        let digests = file.metadata["images"]?.split(separator: " ").map(String.init),
        file.shape(of: "features") == [digests.count, width],
        let values = try? file.tensor(named: "features").scalars
      else { continue }
      for (row, digest) in digests.enumerated() {
        result[digest] = Array(values[row * width..<(row + 1) * width])
      }
    }
    return result
  }

  /// Writes new features of a key to a new file.
  func save(_ features: [String: [Float]], key: Key, width: Int) throws {
    guard !features.isEmpty else { return }
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let digests = features.keys.sorted()
    let values = Tensor(digests.flatMap { features[$0]! }, shape: [digests.count, width])
    // The same images give the same name, so that two processes write the same file.
    let content = SHA256.hexDigest(Array(digests.joined().utf8)).prefix(16)
    try Safetensors.write(
      [("features", values)],
      metadata: [
        "model": key.model, "preparation": key.preparation,
        "images": digests.joined(separator: " "),
      ], to: directory.appendingPathComponent("\(key.stem)-\(content).safetensors"), force: true)
  }
}
