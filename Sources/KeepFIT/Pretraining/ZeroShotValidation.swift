import Foundation

/// Zero-shot validation on held-out labeled images.
public final class ZeroShotValidation: PretrainingValidation {
  private let probes: [(experiment: Experiment, dataset: LabeledImages)]
  private let preprocessing: Preprocessing
  private let batchSize: Int

  /// - `probes`: the experiments with their images, each with its own classes.
  /// - `preprocessing`: the image preprocessing.
  public init(
    _ probes: [(experiment: Experiment, dataset: LabeledImages)], preprocessing: Preprocessing,
    batchSize: Int
  ) {
    self.probes = probes
    self.preprocessing = preprocessing
    self.batchSize = batchSize
  }

  /// The balanced accuracy, from 0 to 1: first the mean over all probes, then each probe.
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
          prompt: PromptTemplates.inference[probe.experiment.modality ?? .colorFundus],
          knowledge: .builtin))
      let predictions = try Predictions(labels: dataset.labels, rows: answer.probabilities)
      let accuracy = ClassificationMetrics(predictions).averageClassAccuracy
      return ("zero_shot_\(probe.experiment.name)", Float(accuracy))
    }
    let mean = scores.map(\.value).reduce(0, +) / Float(max(1, scores.count))
    return [("zero_shot", mean)] + scores
  }
}

/// Several validations; the first value of the first one is maximized.
public final class CombinedValidation: PretrainingValidation {
  private let parts: [any PretrainingValidation]

  /// Creates a validation that runs `parts` in order.
  public init(_ parts: [any PretrainingValidation]) { self.parts = parts }

  public func measure(_ model: KeepFITModel) throws -> [(name: String, value: Float)] {
    try parts.flatMap { try $0.measure(model) }
  }
}
