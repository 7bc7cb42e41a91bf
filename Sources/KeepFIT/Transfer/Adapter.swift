import Foundation

/// A fitted classifier with everything needed to use it: a directory with `adapter.json` and
/// `adapter.safetensors`.
///
/// It can only be used with the model weights that it was fitted on, which a fingerprint identifies.
///
/// Any number of threads may use one adapter with one ``KeepFITTransferModel`` at the same time.
public struct Adapter: Sendable {
  /// The method that made it.
  public let method: TransferMethod
  /// The label of each class.
  public let classes: [String]
  /// Whether features go through the projection head.
  public let projects: Bool
  /// The fingerprint of the model.
  public let model: String
  /// The experiment's name.
  public let experiment: String
  /// The preprocessing of the images that it was fitted on; nil if not recorded.
  public let preprocessing: Preprocessing?
  /// The calibration of its probabilities on validation images; nil if there were none.
  public let calibration: AdapterCalibration?
  /// For several labels per image: the probability from which each label is predicted, `[K]`. Probabilities
  /// are then sigmoids of the logits. Nil for one label per image.
  public let thresholds: [Double]?
  let content: Content
  private let tunedCopy = Guarded<TunedCopy?>(nil)

  /// A model, and a copy with the fine-tuned weights in its image encoder.
  private struct TunedCopy {
    let original: any TransferModel
    let tuned: any TransferModel
  }

  enum Content: Sendable {
    case features(any FeatureClassifier)
    case tuned(state: [(name: String, tensor: Tensor)], weight: Tensor, bias: Tensor)
  }

  init(
    _ method: TransferMethod, content: FittedMethod.Content, classes: [String], projects: Bool,
    model: String, experiment: String, preprocessing: Preprocessing?,
    calibration: AdapterCalibration? = nil, thresholds: [Double]? = nil
  ) {
    self.method = method
    self.calibration = calibration
    self.thresholds = thresholds
    self.classes = classes
    self.projects = projects
    self.model = model
    self.experiment = experiment
    self.preprocessing = preprocessing
    self.content =
      switch content {
      case .features(let classifier): .features(classifier)
      case .tuned(let tuned):
        .tuned(
          state: tuned.state.map { ($0.name, $0.tensor.copy()) }, weight: tuned.weight,
          bias: tuned.bias)
      }
  }

  /// Creates an adapter from a classifier over features and the settings that it was fitted with.
  public init(
    _ method: TransferMethod, classifier: any FeatureClassifier, classes: [String],
    projects: Bool, model: String, experiment: String, preprocessing: Preprocessing? = nil
  ) {
    self.init(
      method, content: .features(classifier), classes: classes, projects: projects, model: model,
      experiment: experiment, preprocessing: preprocessing)
  }

  // MARK: - Use

  /// - Throws: ``TransferError/wrongModel(adapter:expected:found:)`` unless the model has the
  ///   weights that the adapter was fitted on.
  public func check(_ found: any TransferModel, name: String = "the adapter") throws(TransferError)
  {
    guard found.fingerprint == model else {
      throw .wrongModel(adapter: name, expected: model, found: found.fingerprint)
    }
  }

  /// Logits of every class, `[B, K]`, of images `[B, S, S, 3]`.
  ///
  /// A fine-tuned adapter has its own image encoder. The first call creates it without changing the model,
  /// and the adapter keeps it for subsequent calls with the same model.
  /// - Throws: ``TransferError`` for another model.
  public func logits(_ images: Tensor, model: any TransferModel) throws(TransferError) -> Tensor {
    try check(model)
    switch content {
    case .features(let classifier):
      return Autograd.withoutGradients {
        let raw = model.features(of: images)
        return classifier.logits(projects ? model.projected(raw) : raw)
      }
    case .tuned(let state, let weight, let bias):
      guard let tunable = model as? any TrainableTransferModel else {
        throw .invalid("this model cannot load a fine-tuned encoder")
      }
      let tensors = Dictionary(uniqueKeysWithValues: state.map { ($0.name, $0.tensor) })
      let entries = tunable.imageState
      try Self.check(tensors, fit: tunable)
      func logits(_ encoder: any TransferModel) -> Tensor {
        Autograd.withoutGradients {
          let raw = encoder.features(of: images)
          return linear(projects ? encoder.projected(raw) : raw, weight: weight, bias: bias)
        }
      }
      if let tuned = copy(of: tunable, with: tensors) { return logits(tuned) }
      let original = entries.map { $0.exported.copy() }
      for entry in entries { entry.load(tensors[entry.name]!) }
      defer { for (entry, tensor) in zip(entries, original) { entry.load(tensor) } }
      return logits(model)
    }
  }

  private static func check(
    _ tensors: [String: Tensor], fit model: any TrainableTransferModel
  ) throws(TransferError) {
    for entry in model.imageState {
      guard let tensor = tensors[entry.name], tensor.shape == entry.fileShape else {
        throw .invalid("the fine-tuned encoder has no '\(entry.name)' of this model's shape")
      }
    }
  }

  /// The model with the adapter's image encoder: a copy with the tuned weights, or the model itself.
  /// - Throws: ``TransferError`` for another model, or one that cannot be copied.
  func encoder(for model: any TransferModel) throws(TransferError) -> any TransferModel {
    try check(model)
    guard case .tuned(let state, _, _) = content else { return model }
    let tensors = Dictionary(uniqueKeysWithValues: state.map { ($0.name, $0.tensor) })
    guard let tunable = model as? any TrainableTransferModel else {
      throw .invalid("this model cannot load a fine-tuned encoder")
    }
    try Self.check(tensors, fit: tunable)
    guard let copy = copy(of: tunable, with: tensors) else {
      throw .invalid("this model cannot be copied for a fine-tuned encoder")
    }
    return copy
  }

  /// The model with the tuned weights, made at the first use with it.
  private func copy(
    of model: any TrainableTransferModel, with tensors: [String: Tensor]
  ) -> (any TransferModel)? {
    tunedCopy.withLock { known in
      if let known, known.original === model { return known.tuned }
      let tuned = model.copy(imageState: tensors)
      known = tuned.map { TunedCopy(original: model, tuned: $0) }
      return tuned
    }
  }
}
