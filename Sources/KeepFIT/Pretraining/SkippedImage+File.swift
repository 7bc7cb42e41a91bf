import Foundation

extension SkippedImage {
  /// The images listed in a run's `skipped.json`; none if there is no such file.
  static func list(contentsOf url: URL) throws -> [SkippedImage] {
    guard FileManager.default.fileExists(atPath: url.path) else { return [] }
    return try JSONDecoder().decode([Entry].self, from: Data(contentsOf: url))
      .map { SkippedImage(id: $0.image, reason: $0.reason) }
  }

  /// Adds images to a run's `skipped.json`, `[{"image": …, "reason": …}]`, and keeps those already listed.
  /// - Throws: `DecodingError` when the file is damaged, `CheckpointError` when it cannot be written.
  public static func merge(_ images: [SkippedImage], into url: URL) throws {
    let known = try list(contentsOf: url)
    let all = known + Set(images).subtracting(known).sorted { $0.id < $1.id }
    try AtomicFile.write(
      JSONText.encode(all.map { Entry(image: $0.id, reason: $0.reason) }, pretty: true) + "\n",
      to: url, force: true)
  }

  private struct Entry: Codable {
    let image: String
    let reason: String
  }
}
