import Foundation

/// A method fitted on one fold.
struct FittedMethod {
  enum Content {
    case features(any FeatureClassifier)
    case tuned(FineTunedModel)
  }

  let configuration: TransferConfiguration
  let content: Content
  let extractor: FeatureExtractor
  /// The fitted temperature, by which logits are divided; nil for none.
  var temperature: Double?

  init(
    _ configuration: TransferConfiguration, _ content: Content, extractor: FeatureExtractor
  ) {
    self.configuration = configuration
    self.content = content
    self.extractor = extractor
  }

  /// Whether validation images were used.
  var usesValidation: Bool { configuration.method == .fineTune }

  /// Logits of image files, `[N, K]`; with test-time augmentation, their mean over the passes.
  func logits(_ urls: [URL], plain: Bool = false) throws -> Tensor {
    let usesCache = [.tipAdapter, .tipAdapterF].contains(configuration.method)
    let passes: [Int?] =
      if plain { [nil] } else if configuration.augmentsTest {
        (0..<TransferConfiguration.augmentationPasses).map { $0 }
      } else if usesCache && configuration.augmentsTIPTest { [0] } else { [nil] }
    let parts = try passes.map { pass in
      switch content {
      case .features(let classifier):
        let features = try extractor.features(
          urls, pass: pass, projected: configuration.projects)
        return Autograd.withoutGradients { classifier.logits(features) }
      case .tuned(let model):
        let random = pass.map { RandomStream(seed: 0).derived("test").derived(UInt64($0)) }
        return try model.logits(urls, random: random)
      }
    }
    return parts.dropFirst().reduce(parts[0], +) / (Float(parts.count) * Float(temperature ?? 1))
  }

  /// Restores the original weights of a fine-tuned model.
  func finish() {
    if case .tuned(let model) = content { model.restore() }
  }
}

/// Logits of test images with their labels.
struct Scored {
  let labels: [Int]
  let images: [String]
  let rows: [[Float]]

  init(_ logits: Tensor, labels: [Int], images: [String]) {
    let probabilities = logits.softmax().scalars
    let width = logits.shape[1]
    self.labels = labels
    self.images = images
    rows = labels.indices.map { Array(probabilities[$0 * width..<($0 + 1) * width]) }
  }

  func predictions() throws(TransferError) -> Predictions {
    try Predictions(labels: labels, rows: rows)
  }
}
