import Foundation

extension KeepFITModel {
  /// All tensors of the model with their published names and order, including `num_batches_tracked` of batch
  /// norms, which PyTorch's strict loading requires.
  public func checkpointEntries() -> [CheckpointEntry] {
    var result: [CheckpointEntry] = []
    for entry in stateEntries() {
      result.append(CheckpointEntry(entry.name, entry.exported))
      if entry.name.hasSuffix(".running_var") {
        let name = entry.name.dropLast("running_var".count) + "num_batches_tracked"
        result.append(
          CheckpointEntry(String(name), integers: [batchesTracked[String(name)] ?? 0], shape: []))
      }
    }
    return result
  }

  /// Writes the weights only, in the format given by the extension: `.safetensors`, or `.pth`, `.pt` and
  /// `.bin` for PyTorch.
  ///
  /// - `force`: whether an existing file may be replaced.
  /// - Throws: `CheckpointError` (`exists`, `unwritable`, or `unsupported` for another extension).
  public func saveWeights(
    to url: URL, metadata: [String: String] = [:], force: Bool = false
  ) throws {
    switch url.pathExtension.lowercased() {
    case "safetensors":
      try Safetensors.write(
        checkpointEntries(), metadata: ["format": "pt"].merging(metadata) { $1 }, to: url,
        force: force)
    case "pth", "pt", "bin":
      try TorchCheckpoint.write(checkpointEntries(), to: url, force: force)
    default:
      throw CheckpointError(
        .unsupported, file: url.relativePath,
        "weights are written as .safetensors, .pth, .pt or .bin, not as '.\(url.pathExtension)'")
    }
  }

  /// Writes a model directory: `config.json`, `vocab.txt` and `model.safetensors`, the weights last.
  ///
  /// - `directory`: created if it does not exist.
  /// - `force`: whether existing files may be replaced.
  /// - Throws: `CheckpointError` (`exists`, `unwritable`).
  public func save(
    to directory: URL, metadata: [String: String] = [:], force: Bool = false
  ) throws {
    let names = ["config.json", "vocab.txt", "model.safetensors"]
    let files = names.map { directory.appending(path: $0) }
    try ModelDirectory.prepare(directory, for: names, force: force)
    try AtomicFile.write(configuration.json, to: files[0], force: force)
    try AtomicFile.write(
      tokenizer.vocabulary.tokens.joined(separator: "\n") + "\n", to: files[1], force: force)
    try saveWeights(to: files[2], metadata: metadata, force: force)
  }
}
