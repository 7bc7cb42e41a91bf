import Foundation

extension Adapter {
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
    var calibration: AdapterCalibration?
    var thresholds: [Double]?
  }

  /// Writes the directory.
  /// - Throws: `CheckpointError` when a file exists and `force` is off, or cannot be written.
  public func save(to directory: URL, force: Bool = false) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    var description = Description(
      method: method, classes: classes, projects: projects, model: model, experiment: experiment,
      preprocessing: preprocessing, calibration: calibration, thresholds: thresholds)
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
    case .features(let probes as LabelProbes):
      tensors = [("classifier.weight", probes.weight), ("classifier.bias", probes.bias)]
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
    if let stray = try JSONValue(parsing: Array(data)).unknownKey(
      known: written, others: ["preprocessing": Preprocessing.formerKeys])
    {
      throw TransferError.invalid("\(json.relativePath): \(stray)")
    }
    method = description.method
    classes = description.classes
    projects = description.projects
    model = description.model
    experiment = description.experiment
    preprocessing = description.preprocessing
    calibration = description.calibration
    thresholds = description.thresholds
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
    guard count >= (description.thresholds == nil ? 2 : 1) else {
      throw TransferError.invalid("\(name): at least two classes are needed, found \(count)")
    }
    if let thresholds = description.thresholds, thresholds.count != count {
      throw TransferError.invalid("\(name): \(thresholds.count) thresholds for \(count) labels")
    }
    if let temperature = description.calibration?.temperature,
      !(temperature > 0 && temperature.isFinite)
    {
      throw TransferError.invalid("\(name): the temperature \(temperature) is not positive")
    }
    switch description.method {
    case .linearProbe where description.thresholds != nil:
      return .features(
        LabelProbes(
          weight: try tensor("classifier.weight", [count, nil]),
          bias: try tensor("classifier.bias", [count])))
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
