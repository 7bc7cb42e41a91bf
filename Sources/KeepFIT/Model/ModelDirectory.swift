import Foundation

/// Common functions for the directories of all kinds of models.
enum ModelDirectory {
  /// Creates a directory for a model's files.
  /// - Parameters:
  ///   - directory: created if it does not exist.
  ///   - names: the files that are to be written.
  ///   - force: whether existing files may be replaced.
  /// - Throws: `CheckpointError` (`exists` for the first name that is taken, `unwritable`).
  static func prepare(_ directory: URL, for names: [String], force: Bool) throws {
    let files = names.map { directory.appending(path: $0) }
    if !force, let file = files.first(where: { FileManager.default.fileExists(atPath: $0.path) }) {
      throw CheckpointError(
        .exists, file: file.relativePath,
        "already exists; replace it with --force, or choose another directory")
    }
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw CheckpointError(
        .unwritable, file: directory.relativePath, "the directory cannot be created")
    }
  }
}
