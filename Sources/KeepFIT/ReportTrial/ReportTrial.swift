import Foundation

/// The reports that a model writes for studies that it was not trained on, scored against the true ones, beside
/// baselines that need no report model.
public struct ReportTrial: Sendable {
  /// A source of reports: the model, or a baseline.
  public struct Contender: Sendable {
    /// The name for tables.
    public let name: String
    /// The scores of its reports.
    public let evaluation: ReportEvaluation
  }

  /// The studies, in the order of the file.
  public let studies: [ReportStudy]
  /// The directory that their image paths start from.
  public let root: URL
  /// The model's reports, one per study.
  public let reports: [GeneratedReport]
  /// The model first, then the baselines: the most frequent training report, and the report of the training study
  /// whose images are most similar by the model's image encoder.
  public let contenders: [Contender]
  /// The fraction of training reports that state each finding of the lexicon, by name.
  public let prevalence: [String: Double]

  /// The scores of the model.
  public var evaluation: ReportEvaluation { contenders[0].evaluation }

  /// The most images that are in memory at a time, unless one study has more.
  private static let imageLimit = 64

  /// Generates and scores the reports of studies.
  ///
  /// References go through the tokenizer as in training: cut to the model's length, with `<unk>` for rare words.
  /// - Parameters:
  ///   - generator: the model.
  ///   - studies: what is reported on; at least one, each with an image or more.
  ///   - training: the studies that the model was trained on, for the baselines; at least one.
  ///   - root: the directory that all image paths start from.
  ///   - decoding: how reports are decoded.
  ///   - seed: the random seed of sampling.
  ///   - options: what is scored.
  ///   - progress: called with the number of studies that have been encoded or reported on, of both sets.
  /// - Throws: `ImageError`, ``ReportGenerationError`` and ``TransferError``.
  public init(
    _ generator: ReportGenerator, studies: [ReportStudy], training: [ReportStudy], root: URL,
    decoding: ReportDecoding, seed: UInt64 = 0, options: ReportEvaluation.Options = .init(),
    progress: (Int) -> Void = { _ in }
  ) throws {
    precondition(!studies.isEmpty && !training.isEmpty, "nothing to report on or to compare with")
    var reports: [GeneratedReport] = []
    let queries = try Self.embeddings(generator, studies, root: root) { images, batch in
      reports += try generator.generate(
        images, imagesPerStudy: batch.map(\.images.count), decoding: decoding, seed: seed,
        names: batch.map(\.id))
      progress(reports.count)
    }
    var embedded = 0
    let memories = try Self.embeddings(generator, training, root: root) { _, batch in
      embedded += batch.count
      progress(studies.count + embedded)
    }
    let length = generator.configuration.maximumLength
    func cleaned(_ text: String) -> String {
      generator.vocabulary.cleaned(text, maximumLength: length)
    }
    let references = studies.map { cleaned($0.text) }
    let known = training.map { cleaned($0.text) }
    func contender(_ name: String, _ hypotheses: [String]) -> Contender {
      let pairs = studies.indices.map {
        ReportPair(
          id: studies[$0].id, hypothesis: hypotheses[$0], references: [references[$0]])
      }
      return Contender(name: name, evaluation: ReportEvaluation(pairs, options: options))
    }
    self.studies = studies
    self.root = root
    self.reports = reports
    contenders = [
      contender("model", reports.map(\.best.text)),
      contender(
        "nearest training study",
        try ReportBaselines.nearest(to: queries, among: memories, texts: known)),
      contender(
        "most frequent training report",
        [String](repeating: ReportBaselines.commonest(known), count: studies.count)),
    ]
    var counts: [String: Int] = [:]
    for text in known {
      for name in options.lexicon.findings(in: text).affirmed { counts[name, default: 0] += 1 }
    }
    prevalence = counts.mapValues { Double($0) / Double(known.count) }
  }

  /// The mean features of each study's images, `[studies, F]`.
  /// - Parameter body: receives the prepared images of each batch, `[ΣK, S, S, 3]`, and its studies.
  private static func embeddings(
    _ generator: ReportGenerator, _ studies: [ReportStudy], root: URL,
    _ body: (Tensor, [ReportStudy]) throws -> Void
  ) throws -> Tensor {
    let batches = StudyBatches.ranges(
      imageCounts: studies.map(\.images.count), imageLimit: Self.imageLimit)
    return Tensor.concatenated(
      try batches.map { range in
        let batch = Array(studies[range])
        let images = try ReportImages.prepare(
          contentsOf: batch.flatMap(\.images).map { root.appending(path: $0) },
          imageSize: generator.configuration.imageSize)
        let features = Autograd.withoutGradients {
          generator.model.vision(images, mode: .inference)
            .groupMeans(of: batch.map(\.images.count))
        }
        try body(images, batch)
        return features
      })
  }
}
