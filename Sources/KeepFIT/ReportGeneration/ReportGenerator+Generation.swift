import Foundation

extension ReportGenerator {
  /// Writes the reports of studies that are in memory.
  ///
  /// The reports of a study do not depend on the other ones, nor does what is drawn: random numbers
  /// follow from the seed and the images of the study alone.
  /// - Parameters:
  ///   - images: `[ΣK, S, S, 3]`, as `ReportImages` prepares them.
  ///   - imagesPerStudy: how many of them each study has; nil for one.
  ///   - decoding: how words are chosen.
  ///   - seed: of what is drawn.
  ///   - names: what errors call the studies.
  /// - Throws: ``ReportGenerationError``.
  public func generate(
    _ images: Tensor, imagesPerStudy: [Int]? = nil, decoding: ReportDecoding, seed: UInt64 = 0,
    names: [String] = []
  ) throws -> [GeneratedReport] {
    if let problem = decoding.problem(tokenCount: vocabulary.idCount) {
      throw ReportGenerationError.unsuitable(reason: problem)
    }
    let memory = Autograd.withoutGradients {
      model.encode(images: images, imagesPerStudy: imagesPerStudy, mode: .inference)
    }
    var first = 0
    let streams = (imagesPerStudy ?? Array(repeating: 1, count: images.shape[0])).map { count in
      defer { first += count }
      return RandomStream(seed: seed)
        .derived("reports").derived(images.sliced(first..<first + count).digest)
    }
    do {
      return try model.decode(memory, decoding, streams: streams).reports.map(report)
    } catch let error as ReportDecodingError {
      guard case .notFinite(let study, let step) = error else { throw error }
      throw ReportGenerationError.notFinite(
        image: study < names.count ? names[study] : "study \(study + 1)", word: step + 1)
    }
  }

  /// Writes the reports of image files, each of which is a study of its own.
  /// - Parameters:
  ///   - files: the images.
  ///   - decoding: how words are chosen.
  ///   - seed: of what is drawn.
  ///   - batchSize: images that are worked on together, which changes no report.
  ///   - progress: receives the number of images that are done.
  /// - Throws: `ImageError` for the first file that cannot be used, and ``ReportGenerationError``.
  public func generate(
    contentsOf files: [URL], decoding: ReportDecoding, seed: UInt64 = 0, batchSize: Int = 16,
    progress: (Int) -> Void = { _ in }
  ) throws -> [GeneratedReport] {
    var reports: [GeneratedReport] = []
    for start in stride(from: 0, to: files.count, by: max(1, batchSize)) {
      let batch = Array(files[start..<min(files.count, start + max(1, batchSize))])
      let images = try batch.map {
        try ReportImages.prepare(contentsOf: $0, imageSize: configuration.imageSize)
      }
      let size = configuration.imageSize
      reports += try generate(
        Tensor.concatenated(images.map { $0.reshaped([1, size, size, 3]) }), decoding: decoding,
        seed: seed, names: batch.map(\.path))
      progress(reports.count)
    }
    return reports
  }

  private func report(_ beams: [DecodedReport]) -> GeneratedReport {
    GeneratedReport(
      beams: beams.map { beam in
        GeneratedReport.Beam(
          tokens: beam.tokens, text: vocabulary.text(of: beam.tokens),
          logProbability: beam.logProbability)
      })
  }
}
