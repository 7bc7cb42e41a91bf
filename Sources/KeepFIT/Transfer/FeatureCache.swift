import Foundation

/// Raw image features on disk, by content: the model's fingerprint, the way images are prepared and
/// the images' own bytes. Renaming or moving images changes nothing; changing one changes its key.
///
/// New features make a new file, so that every feature is written once and several processes may
/// share a directory: `<key>-<content>.safetensors`, where the key stands for one model and one
/// preparation and the content for the images. Damaged files are as good as absent.
public struct FeatureCache: Sendable {
  /// Where the files lie.
  public let directory: URL

  /// A cache in a directory, which is made when the first file is written.
  public init(directory: URL) { self.directory = directory }

  /// What a file's features have in common.
  struct Key: Sendable, Hashable {
    let model: String
    let preparation: String

    /// What the names of all files with such features begin with.
    var stem: String {
      String(SHA256.hexDigest(Array("\(model)\n\(preparation)".utf8)).prefix(32))
    }
  }

  /// The known features of a key: rows by the images' digests.
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

  /// Writes new features of a key to a file of their own.
  func save(_ features: [String: [Float]], key: Key, width: Int) throws {
    guard !features.isEmpty else { return }
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let digests = features.keys.sorted()
    let values = Tensor(digests.flatMap { features[$0]! }, shape: [digests.count, width])
    // The same images give the same name, so that two processes leave one file.
    let content = SHA256.hexDigest(Array(digests.joined().utf8)).prefix(16)
    try Safetensors.write(
      [("features", values)],
      metadata: [
        "model": key.model, "preparation": key.preparation,
        "images": digests.joined(separator: " "),
      ], to: directory.appendingPathComponent("\(key.stem)-\(content).safetensors"), force: true)
  }
}
