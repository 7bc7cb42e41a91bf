import Foundation

/// Example pairs of a run for its report.
public enum PretrainingExamples {
  /// Writes pairs of the first batch, preprocessed for the model, to `examples/` and `examples.json`.
  ///
  /// - Parameters:
  ///   - record: the settings of the run.
  ///   - directory: the run directory.
  ///   - count: the number of pairs per stream.
  /// - Throws: errors of image loading, or `CocoaError` when a file cannot be written.
  public static func write(
    _ record: PretrainingRecord, to directory: URL, count: Int = 4
  ) throws {
    var training = record.training
    training.batchSize = min(count, training.batchSize)
    let source = try record.inputs.makeSource(training)
    defer { source.stop() }
    let batch = try source.next()
    let folder = directory.appending(path: "examples")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var entries: [[String: String]] = []
    for (stream, samples) in [("labeled", batch.labeled), ("expert", batch.expert)] {
      guard let samples else { continue }
      let side = samples.images.shape[1]
      for (index, text) in samples.texts.enumerated() {
        let pixels = samples.images.sliced(axis: 0, index..<index + 1)
          .reshaped([side, samples.images.shape[2], 3])
        let name = "examples/\(stream)\(index).jpg"
        try FundusImage(pixels).jpegData(quality: 85)
          .write(to: directory.appending(path: name), options: .atomic)
        entries.append(["stream": stream, "text": text, "image": name])
      }
    }
    try AtomicFile.write(
      JSONText.encode(entries, pretty: true) + "\n",
      to: directory.appending(path: "examples.json"), force: true)
  }
}
