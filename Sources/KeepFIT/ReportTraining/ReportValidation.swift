import Foundation

/// What is measured on the validation split after each epoch: the loss, and the reports that beam search
/// writes where a text metric is monitored.
///
/// Every image is a sample with the report of its case, as published; so a case counts as often as it
/// has images. Reports are scored against references that went through the tokenizer: cut to the model's
/// length, with `<unk>` for rare words.
public struct ReportValidation: Sendable {
  /// The samples.
  public let samples: [ReportSample]
  /// What decides which checkpoint is the best.
  public let monitor: ReportTrainingConfiguration.Monitor
  /// Images that are worked on at once.
  public let batchSize: Int

  /// A validation.
  /// - Parameters:
  ///   - samples: the samples; at least one.
  ///   - monitor: what decides which checkpoint is the best.
  ///   - batchSize: images that are worked on at once.
  public init(
    samples: [ReportSample], monitor: ReportTrainingConfiguration.Monitor, batchSize: Int
  ) {
    precondition(!samples.isEmpty && batchSize > 0, "nothing to validate on")
    self.samples = samples
    self.monitor = monitor
    self.batchSize = batchSize
  }

  /// Measures a model.
  /// - Throws: `ImageError`, ``ReportLossError`` and ``ReportGenerationError``.
  func measure(_ generator: ReportGenerator) throws -> ValidationResult {
    let loss = try generator.loss(on: samples, batchSize: batchSize).loss
    guard let metric = monitor.metric else {
      return ValidationResult(values: [("loss", Float(loss))], score: -Float(loss))
    }
    let length = generator.configuration.maximumLength
    var decoding = ReportDecoding(.beam(size: min(3, generator.vocabulary.idCount)))
    decoding.maximumLength = length
    let reports = try generator.generate(
      contentsOf: samples.map(\.image), decoding: decoding, batchSize: batchSize)
    let pairs = zip(samples, reports).map { sample, report in
      ReportPair(
        id: sample.id, hypothesis: report.best.text,
        references: [generator.vocabulary.cleaned(sample.text, maximumLength: length)])
    }
    let scores = CaptionScorer().score(pairs).corpus
    func value(_ metric: CaptionMetric) -> Float { scores[metric].map { Float($0) } ?? .nan }
    // The monitored value comes first.
    let others = CaptionMetric.allCases.filter { $0 != metric }
    var values: [(name: String, value: Float)] = ([metric] + others).map {
      ($0.rawValue, value($0))
    }
    values.append(("loss", Float(loss)))
    return ValidationResult(values: values, score: value(metric))
  }
}
