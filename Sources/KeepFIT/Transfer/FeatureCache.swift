import Foundation

/// Raw image features on disk, by content: the model's fingerprint, the way pictures are prepared
/// and the pictures' own bytes. Renaming or moving pictures changes nothing; changing one changes
/// its key.
///
/// A file holds all pictures of one model and one preparation. Damaged files are as good as absent.
public struct FeatureCache: Sendable {
  /// Where the files lie.
  public let directory: URL

  /// A cache in a directory, which is made when the first file is written.
  public init(directory: URL) { self.directory = directory }

  /// What a file's features have in common.
  struct Key: Sendable, Hashable {
    let model: String
    let preparation: String

    var fileName: String {
      SHA256.hexDigest(Array("\(model)\n\(preparation)".utf8)).prefix(32) + ".safetensors"
    }
  }

  private func url(_ key: Key) -> URL { directory.appendingPathComponent(key.fileName) }

  /// The known features of a key: rows by the pictures' digests.
  func load(_ key: Key, width: Int) -> [String: [Float]] {
    guard let file = try? SafetensorsFile(contentsOf: url(key)),
      file.metadata["model"] == key.model, file.metadata["preparation"] == key.preparation,
      let digests = file.metadata["pictures"]?.split(separator: " ").map(String.init),
      file.shape(of: "features") == [digests.count, width],
      let values = try? file.tensor(named: "features").scalars
    else { return [:] }
    var result: [String: [Float]] = [:]
    for (row, digest) in digests.enumerated() {
      result[digest] = Array(values[row * width..<(row + 1) * width])
    }
    return result
  }

  /// Writes the features of a key, those of another process that came first included.
  func save(_ features: [String: [Float]], key: Key, width: Int) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let all = load(key, width: width).merging(features) { _, new in new }
    let digests = all.keys.sorted()
    let values = Tensor(digests.flatMap { all[$0]! }, shape: [digests.count, width])
    try Safetensors.write(
      [("features", values)],
      metadata: [
        "model": key.model, "preparation": key.preparation,
        "pictures": digests.joined(separator: " "),
      ], to: url(key), force: true)
  }
}
