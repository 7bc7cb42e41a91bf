import Foundation

/// Zero-shot classification of labeled images that training does not see.
public final class ZeroShotValidation: PretrainingValidation {
  private let probes: [(experiment: Experiment, dataset: LabeledImages)]
  private let preprocessing: Preprocessing
  private let batchSize: Int

  /// - `probes`: what is classified, each among its own classes, with its images.
  /// - `preprocessing`: how its images are made.
  public init(
    _ probes: [(experiment: Experiment, dataset: LabeledImages)], preprocessing: Preprocessing,
    batchSize: Int
  ) {
    self.probes = probes
    self.preprocessing = preprocessing
    self.batchSize = batchSize
  }

  /// The mean class accuracy from 0 to 1, of each probe and, first, of all together.
  public func measure(_ model: KeepFITModel) throws -> [(name: String, value: Float)] {
    let scores = try probes.map { probe -> (name: String, value: Float) in
      let dataset = probe.dataset
      let embeddings = try model.imageEmbeddings(
        contentsOf: dataset.images.indices.map(dataset.url), preprocessing: preprocessing,
        batchSize: batchSize)
      let answer = model.classify(
        embeddings: embeddings, labels: dataset.classes,
        labelEmbeddings: model.labelEmbeddings(
          dataset.classes,
          prompt: ReportTemplates.inference[probe.experiment.modality ?? .colorFundus],
          knowledge: .builtin))
      let predictions = try Predictions(labels: dataset.labels, rows: answer.probabilities)
      let accuracy = ClassificationMetrics(predictions).averageClassAccuracy
      return ("zero_shot_\(probe.experiment.name)", Float(accuracy))
    }
    let mean = scores.map(\.value).reduce(0, +) / Float(max(1, scores.count))
    return [("zero_shot", mean)] + scores
  }
}

/// Several things to measure; the first value of the first is the one to be maximized.
public final class CombinedValidation: PretrainingValidation {
  private let parts: [any PretrainingValidation]

  /// Measures `parts` in their order.
  public init(_ parts: [any PretrainingValidation]) { self.parts = parts }

  public func measure(_ model: KeepFITModel) throws -> [(name: String, value: Float)] {
    try parts.flatMap { try $0.measure(model) }
  }
}
