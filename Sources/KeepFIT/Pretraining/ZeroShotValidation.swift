import Foundation

/// Zero-shot classification of labelled pictures that training does not see.
public final class ZeroShotValidation: PretrainingValidation {
  private let probes: [(experiment: Experiment, pictures: LabelledPictures)]
  private let preprocessing: Preprocessing
  private let batchSize: Int

  /// - `probes`: what is classified, each among its own classes, with its images.
  /// - `preprocessing`: how its pictures are made.
  public init(
    _ probes: [(experiment: Experiment, pictures: LabelledPictures)], preprocessing: Preprocessing,
    batchSize: Int
  ) {
    self.probes = probes
    self.preprocessing = preprocessing
    self.batchSize = batchSize
  }

  /// The mean class accuracy from 0 to 1, of each probe and, first, of all together.
  public func measure(_ model: KeepFITModel) throws -> [(name: String, value: Float)] {
    let scores = try probes.map { probe -> (name: String, value: Float) in
      let pictures = probe.pictures
      let embeddings = try model.imageEmbeddings(
        contentsOf: pictures.images.indices.map(pictures.url), preprocessing: preprocessing,
        batchSize: batchSize)
      let answer = model.classify(
        embeddings: embeddings, labels: pictures.classes,
        labelEmbeddings: model.labelEmbeddings(
          pictures.classes,
          prompt: ReportTemplates.inference[probe.experiment.modality ?? .colourFundus],
          knowledge: .builtin))
      let predictions = try Predictions(labels: pictures.labels, rows: answer.probabilities)
      let accuracy = ClassificationMetrics(predictions).averageClassAccuracy
      return ("zero_shot_\(probe.experiment.name)", Float(accuracy))
    }
    let mean = scores.map(\.value).reduce(0, +) / Float(max(1, scores.count))
    return [("zero_shot", mean)] + scores
  }
}

/// Several things to measure; the first value of the first is the one to be maximised.
public final class CombinedValidation: PretrainingValidation {
  private let parts: [any PretrainingValidation]

  /// Measures `parts` in their order.
  public init(_ parts: [any PretrainingValidation]) { self.parts = parts }

  public func measure(_ model: KeepFITModel) throws -> [(name: String, value: Float)] {
    try parts.flatMap { try $0.measure(model) }
  }
}
