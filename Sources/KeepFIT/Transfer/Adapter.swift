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
  private let content: Content
  private let tunedCopy = Guarded<TunedCopy?>(nil)

  /// A model, and another with the tuned weights in its image encoder.
  private struct TunedCopy {
    let original: any TransferModel
    let tuned: any TransferModel
  }

  private enum Content: Sendable {
    case features(any FeatureClassifier)
    case tuned(state: [(name: String, tensor: Tensor)], weight: Tensor, bias: Tensor)
  }

  private struct Description: Codable {
    var format = 1
    var method: TransferMethod
    var classes: [String]
    var projects: Bool
    var model: String
    var experiment: String
    var preprocessing: Preprocessing?
    var logitScale: Float?
    var ratio: Float?
    var tip: TIPAdapter.Options?
  }

  init(
    _ method: TransferMethod, content: FittedMethod.Content, classes: [String], projects: Bool,
    model: String, experiment: String, preprocessing: Preprocessing?
  ) {
    self.method = method
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
  /// A fine-tuned adapter brings an image encoder of its own. The first call makes it beside that of the
  /// model, which stays as it is, and the adapter keeps it for the next calls with the same model.
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
      for entry in entries {
        guard let tensor = tensors[entry.name], tensor.shape == entry.fileShape else {
          throw .invalid("the fine-tuned encoder has no '\(entry.name)' of this model's shape")
        }
      }
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

  // MARK: - Files

  /// Writes the directory.
  /// - Throws: `CheckpointError` when a file exists and `force` is off, or cannot be written.
  public func save(to directory: URL, force: Bool = false) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    var description = Description(
      method: method, classes: classes, projects: projects, model: model, experiment: experiment,
      preprocessing: preprocessing)
    var tensors: [(String, Tensor)] = []
    var integers: [CheckpointEntry] = []
    func add(_ knowledge: ClassKnowledge) {
      tensors.append(("text_embeddings", knowledge.textEmbeddings))
      description.logitScale = knowledge.logitScale
    }
    switch content {
    case .features(let probe as LinearProbe):
      let outputs = probe.intercepts.count
      tensors = [
        (
          "classifier.weight",
          Tensor(probe.weights.map(Float.init), shape: [outputs, probe.featureCount])
        ),
        ("classifier.bias", Tensor(probe.intercepts.map(Float.init), shape: [outputs])),
      ]
    case .features(let adapter as CLIPAdapter):
      add(adapter.knowledge)
      description.ratio = adapter.ratio
      tensors += [("adapter.0.weight", adapter.down), ("adapter.2.weight", adapter.up)]
    case .features(let adapter as TIPAdapter):
      add(adapter.knowledge)
      description.tip = adapter.options
      tensors.append(("keys", adapter.keys))
      integers.append(
        CheckpointEntry("labels", integers: adapter.labels, shape: [adapter.labels.count]))
    case .features(let zeroShot as ZeroShot): add(zeroShot.knowledge)
    case .features:
      throw TransferError.invalid("this type of classifier cannot be saved")
    case .tuned(let state, let weight, let bias):
      tensors = state.map { ($0.name, $0.tensor) }
      tensors += [("classifier.weight", weight), ("classifier.bias", bias)]
    }
    let text = try JSONText.encode(description, pretty: true)
    try Safetensors.write(
      tensors.map { CheckpointEntry($0.0, $0.1) } + integers,
      to: directory.appendingPathComponent("adapter.safetensors"), force: force)
    try AtomicFile.write(
      text + "\n", to: directory.appendingPathComponent("adapter.json"), force: force)
  }

  /// Reads a directory.
  /// - Throws: ``TransferError`` or `CheckpointError` when it is not an adapter or is damaged.
  public init(contentsOf directory: URL) throws {
    let json = directory.appendingPathComponent("adapter.json")
    guard let data = try? Data(contentsOf: json) else {
      throw TransferError.invalid("\(directory.relativePath) contains no adapter.json")
    }
    guard let description = try? JSONDecoder().decode(Description.self, from: data),
      description.format == 1
    else { throw TransferError.invalid("\(json.relativePath) is not an adapter") }
    let written = try JSONValue(parsing: Array(JSONEncoder().encode(description)))
    if let stray = try JSONValue(parsing: Array(data)).unknownKey(known: written) {
      throw TransferError.invalid("\(json.relativePath): \(stray)")
    }
    method = description.method
    classes = description.classes
    projects = description.projects
    model = description.model
    experiment = description.experiment
    preprocessing = description.preprocessing
    let file = try SafetensorsFile(
      contentsOf: directory.appendingPathComponent("adapter.safetensors"))
    content = try Self.content(description, file: file, name: directory.relativePath)
  }

  private static func content(
    _ description: Description, file: SafetensorsFile, name: String
  ) throws -> Content {
    let count = description.classes.count
    func tensor(_ key: String, _ shape: [Int?]) throws -> Tensor {
      let found = file.shape(of: key)
      let fits =
        found.map { found in
          found.count == shape.count && zip(found, shape).allSatisfy { $1 == nil || $0 == $1 }
        } ?? false
      guard fits else {
        let expected = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
        throw TransferError.invalid(
          "\(name): expected '\(key)' of shape [\(expected)], found "
            + (found.map { "\($0)" } ?? "none"))
      }
      return try file.tensor(named: key)
    }
    func knowledge() throws -> ClassKnowledge {
      guard let scale = description.logitScale else {
        throw TransferError.invalid("\(name): the logit scale is missing from adapter.json")
      }
      return ClassKnowledge(
        textEmbeddings: try tensor("text_embeddings", [count, nil]), logitScale: scale)
    }
    guard count >= 2 else {
      throw TransferError.invalid("\(name): at least two classes are needed, found \(count)")
    }
    switch description.method {
    case .zeroShot: return .features(ZeroShot(try knowledge()))
    case .linearProbe:
      let outputs = count == 2 ? 1 : count
      let weight = try tensor("classifier.weight", [outputs, nil])
      return .features(
        LinearProbe(
          weights: weight.scalars.map(Double.init),
          intercepts: try tensor("classifier.bias", [outputs]).scalars.map(Double.init),
          classCount: count, featureCount: weight.shape[1]))
    case .clipAdapter:
      let knowledge = try knowledge()
      let width = knowledge.textEmbeddings.shape[1]
      let down = try tensor("adapter.0.weight", [nil, width])
      return .features(
        CLIPAdapter(
          knowledge: knowledge, down: down,
          up: try tensor("adapter.2.weight", [width, down.shape[0]]),
          ratio: description.ratio ?? 0.2))
    case .tipAdapter, .tipAdapterF:
      let knowledge = try knowledge()
      let keys = try tensor("keys", [nil, knowledge.textEmbeddings.shape[1]])
      let labels = try file.integers(named: "labels")
      guard labels.count == keys.shape[0], labels.allSatisfy({ $0 >= 0 && $0 < count }) else {
        throw TransferError.invalid("\(name): the labels of the keys are damaged")
      }
      return .features(
        TIPAdapter(
          knowledge: knowledge, keys: keys, labels: labels, options: description.tip ?? .init()))
    case .fineTune:
      let weight = try tensor("classifier.weight", [count, nil])
      let bias = try tensor("classifier.bias", [count])
      let state = try file.names.filter { !$0.hasPrefix("classifier.") }.map {
        (name: $0, tensor: try file.tensor(named: $0))
      }
      return .tuned(state: state, weight: weight, bias: bias)
    }
  }
}
