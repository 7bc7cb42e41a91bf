import Foundation

/// The reports that a model writes for studies that it was not trained on, scored against the true ones, with
/// baselines that need no report model.
public struct ReportTrial: Sendable {
  /// A source of reports: the model, or a baseline.
  public struct Contender: Sendable {
    /// The name for tables.
    public let name: String
    /// The scores of its reports.
    public let evaluation: ReportEvaluation
    /// Whether it writes the same report for every study.
    public var isConstant: Bool { evaluation.hypotheses.distinctReports == 1 }
  }

  /// The studies, in the order of the file.
  public let studies: [ReportStudy]
  /// The directory that their image paths start from.
  public let root: URL
  /// The model's reports, one per study.
  public let reports: [GeneratedReport]
  /// The model first, then the baselines: the report of the training study whose images are most similar by the
  /// model's image encoder, the most frequent training report, and sentences chosen by an image-text model if one
  /// was given.
  public let contenders: [Contender]
  /// The baselines that could not be computed, with reasons.
  public let absent: [(name: String, reason: String)]
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
  ///   - probe: scores the findings of images zero-shot, for the template baseline; nil for none.
  ///   - progress: called with the number of studies that have been encoded or reported on, of both sets.
  /// - Throws: `ImageError`, ``ReportGenerationError`` and ``TransferError``.
  public init(
    _ generator: ReportGenerator, studies: [ReportStudy], training: [ReportStudy], root: URL,
    decoding: ReportDecoding, seed: UInt64 = 0, options: ReportEvaluation.Options = .init(),
    probe: FindingProbe? = nil, progress: (Int) -> Void = { _ in }
  ) throws {
    precondition(!studies.isEmpty && !training.isEmpty, "nothing to report on or to compare with")
    var reports: [GeneratedReport] = []
    let queries = try Self.features(of: studies, root: root) { files, batch in
      let images = try generator.prepare(contentsOf: files)
      let counts = batch.map(\.images.count)
      let encoded = Autograd.withoutGradients {
        generator.model.encodeWithFeatures(
          images: images, imagesPerStudy: counts, mode: .inference)
      }
      reports += try generator.generate(
        encoded.memory, of: images, imagesPerStudy: counts, decoding: decoding, seed: seed,
        names: batch.map(\.id))
      progress(reports.count)
      return encoded.features
    }
    var embedded = 0
    let memories = try Self.features(of: training, root: root) { files, batch in
      let images = try generator.prepare(contentsOf: files)
      embedded += batch.count
      progress(studies.count + embedded)
      return Autograd.withoutGradients {
        generator.model.vision(images, mode: .inference)
          .groupMeans(of: batch.map(\.images.count))
      }
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
    var contenders = [
      contender("model", reports.map(\.best.text)),
      contender(
        "nearest training study",
        try ReportBaselines.nearest(to: queries, among: memories, texts: known)),
      contender(
        "most frequent training report",
        [String](repeating: ReportBaselines.commonest(known), count: studies.count)),
    ]
    let writer = TemplateReports(known, lexicon: options.lexicon)
    let problem =
      probe == nil
      ? "no image-text model was given (--template-model)"
      : writer.findings.isEmpty ? "no training report states a finding of the lexicon" : nil
    if let probe, problem == nil {
      let texts = probe.embeddings(writer.findings)
      let trained = try probe.scores(of: training, texts: texts, root: root)
      let scores = try probe.scores(of: studies, texts: texts, root: root)
      contenders.append(
        contender(Self.template, writer.reports(scores: scores, trainingScores: trained)))
    }
    self.contenders = contenders
    absent = problem.map { [(Self.template, $0)] } ?? []
    var counts: [String: Int] = [:]
    for text in known {
      for name in options.lexicon.findings(in: text).affirmed { counts[name, default: 0] += 1 }
    }
    prevalence = counts.mapValues { Double($0) / Double(known.count) }
  }

  private static let template = "template from zero-shot labels"

  /// The features of studies, `[studies, F]`, worked out for few images at a time.
  /// - Parameter body: receives the image files of each batch, and its studies; returns their features.
  static func features(
    of studies: [ReportStudy], root: URL, _ body: ([URL], [ReportStudy]) throws -> Tensor
  ) throws -> Tensor {
    let batches = StudyBatches.ranges(
      imageCounts: studies.map(\.images.count), imageLimit: Self.imageLimit)
    return Tensor.concatenated(
      try batches.map { range in
        let batch = Array(studies[range])
        return try body(batch.flatMap(\.images).map { root.appending(path: $0) }, batch)
      })
  }
}
