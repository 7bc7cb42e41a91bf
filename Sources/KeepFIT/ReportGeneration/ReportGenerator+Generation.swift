import Foundation

extension ReportGenerator {
  /// Generates the reports of studies in memory.
  ///
  /// The report of a study does not depend on the other studies: random numbers depend only on the seed and
  /// the images of the study.
  /// - Parameters:
  ///   - images: `[ΣK, S, S, 3]`, as `ReportImages` prepares them.
  ///   - imagesPerStudy: how many of them each study has; nil for one.
  ///   - decoding: the decoding settings.
  ///   - seed: the random seed.
  ///   - names: names of the studies for error messages.
  /// - Throws: ``ReportGenerationError``.
  public func generate(
    _ images: Tensor, imagesPerStudy: [Int]? = nil, decoding: ReportDecoding, seed: UInt64 = 0,
    names: [String] = []
  ) throws -> [GeneratedReport] {
    let memory = Autograd.withoutGradients {
      model.encode(images: images, imagesPerStudy: imagesPerStudy, mode: .inference)
    }
    return try generate(
      memory, of: images, imagesPerStudy: imagesPerStudy, decoding: decoding, seed: seed,
      names: names)
  }

  /// Generates the reports of studies that are encoded already.
  /// - Parameters:
  ///   - memory: the encoded studies.
  ///   - images: the images that they were encoded from.
  ///   - imagesPerStudy: how many of them each study has; nil for one.
  ///   - decoding: the decoding settings.
  ///   - seed: the random seed.
  ///   - names: names of the studies for error messages.
  /// - Throws: ``ReportGenerationError``.
  func generate(
    _ memory: ReportMemory, of images: Tensor, imagesPerStudy: [Int]?, decoding: ReportDecoding,
    seed: UInt64, names: [String]
  ) throws -> [GeneratedReport] {
    if let problem = decoding.problem(tokenCount: vocabulary.idCount) {
      throw ReportGenerationError.unsuitable(reason: problem)
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

  /// Generates the reports of image files, each of which is a separate study.
  /// - Parameters:
  ///   - files: the images.
  ///   - decoding: the decoding settings.
  ///   - seed: the random seed.
  ///   - batchSize: images per batch, which does not affect the reports.
  ///   - progress: receives the number of completed images.
  /// - Throws: `ImageError` for the first file that cannot be used, and ``ReportGenerationError``.
  public func generate(
    contentsOf files: [URL], decoding: ReportDecoding, seed: UInt64 = 0, batchSize: Int = 16,
    progress: (Int) -> Void = { _ in }
  ) throws -> [GeneratedReport] {
    var reports: [GeneratedReport] = []
    for start in stride(from: 0, to: files.count, by: max(1, batchSize)) {
      let batch = Array(files[start..<min(files.count, start + max(1, batchSize))])
      reports += try generate(
        prepare(contentsOf: batch), decoding: decoding, seed: seed, names: batch.map(\.path))
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
