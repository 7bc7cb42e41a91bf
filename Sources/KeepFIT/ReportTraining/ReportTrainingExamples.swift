import Foundation

/// Example angiograms and reports of a run for its report.
public enum ReportTrainingExamples {
  /// Writes samples of the first batch, as the model sees them, to `examples/` and `examples.json`.
  ///
  /// - Parameters:
  ///   - loader: where the batches of the run come from.
  ///   - vocabulary: which words the model knows.
  ///   - maximumLength: what reports are cut to.
  ///   - directory: the run's directory.
  ///   - count: how many samples.
  /// - Throws: what loading an image throws, or `CocoaError` when a file cannot be written.
  public static func write(
    _ loader: ReportLoader, vocabulary: ReportVocabulary, maximumLength: Int, to directory: URL,
    count: Int = 6
  ) throws {
    var loader = loader
    loader.options.batchSize = min(count, loader.samples.count)
    let stream = loader.batches(from: 0)
    defer { stream.cancel() }
    let batch = try stream.next()
    let folder = directory.appending(path: "examples")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var entries: [[String: String]] = []
    let side = loader.imageSize
    for (index, sample) in batch.samples.enumerated() {
      let image = batch.images.sliced(axis: 0, index..<index + 1).reshaped([side, side, 3])
      let name = "examples/report\(index).jpg"
      try ReportImages.image(from: image).jpegData(quality: 85)
        .write(to: directory.appending(path: name), options: .atomic)
      entries.append([
        "stream": sample.id,
        "text": vocabulary.cleaned(sample.text, maximumLength: maximumLength), "image": name,
      ])
    }
    try AtomicFile.write(
      JSONText.encode(entries, pretty: true) + "\n",
      to: directory.appending(path: "examples.json"), force: true)
  }
}
