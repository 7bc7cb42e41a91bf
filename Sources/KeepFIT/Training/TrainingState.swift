import Foundation

/// The state of a run besides the weights: its progress and its best result.
struct TrainingState: Codable, Equatable {
  /// The number of completed optimizer steps.
  var step = 0
  /// The best validation value so far, and the number of epochs since.
  var best: Float?
  var epochsSinceBest = 0
  /// The number of steps in the EMA.
  var averageSteps = 0
}

extension RunDirectory {
  /// The subdirectory of a checkpoint with the EMA weights, which is a model directory.
  static let averageFolder = "ema"
  private static let optimizerFile = "optimizer.safetensors"
  /// The file of the EMA weights in older versions.
  private static let averageFile = "average.safetensors"
  private static let stateFile = "training.json"
  /// The parameters of an objective that has some.
  private static let objectiveFile = "objective.safetensors"

  /// Saves the state that is needed to resume.
  func save(
    _ state: TrainingState, model: KeepFITModel, objective: any PretrainingObjective,
    optimizer: any Optimizer, average: ExponentialMovingAverage?
  ) throws {
    try save(state, optimizer: optimizer) { folder in
      try model.save(to: folder, force: true)
      try (objective as? any Module)?.save(to: folder.appending(path: Self.objectiveFile))
      try average?.whileApplied {
        try model.save(to: folder.appending(path: Self.averageFolder), force: true)
      }
    }
  }

  /// Saves a checkpoint whose model `fill` writes to the folder that it is given.
  func save(
    _ state: TrainingState, optimizer: any Optimizer, model fill: (URL) throws -> Void
  ) throws {
    try writeCheckpoint(step: state.step) { folder in
      try fill(folder)
      try Safetensors.write(
        optimizer.state.map { CheckpointEntry($0.name, $0.tensor) }, metadata: [:],
        to: folder.appending(path: Self.optimizerFile), force: true)
      try AtomicFile.write(
        JSONText.encode(state, pretty: true) + "\n", to: folder.appending(path: Self.stateFile),
        force: true)
    }
  }

  /// Restores what ``save(_:model:objective:optimizer:average:)`` wrote. The model's weights are restored in place.
  /// - Throws: an error that describes the problem; the model and the optimizer may have been changed.
  func restore(
    _ folder: URL, model: KeepFITModel, objective: any PretrainingObjective,
    optimizer: any Optimizer, average: ExponentialMovingAverage?
  ) throws -> TrainingState {
    let state = try state(of: folder)
    func loadModel(_ folder: URL) throws {
      let weights = folder.appending(path: "model.safetensors")
      try model.load(StateDictionary(contentsOf: weights).normalized())
    }
    let objectiveFile = folder.appending(path: Self.objectiveFile)
    if let module = objective as? any Module {
      try module.load(from: objectiveFile)
    } else if FileManager.default.fileExists(atPath: objectiveFile.path) {
      throw PretrainingError.runDirectory(
        "\(objectiveFile.path): the run was started with another objective, which has parameters")
    }
    try restore(optimizer, from: folder)
    guard let average else {
      try loadModel(folder)
      return state
    }
    let averageFile = folder.appending(path: Self.averageFile)
    if FileManager.default.fileExists(atPath: averageFile.path) {
      try loadModel(folder)
      let file = try SafetensorsFile(contentsOf: averageFile)
      try average.adopt(steps: state.averageSteps) { try? file.tensor(named: $0) }
    } else {
      try loadModel(folder.appending(path: Self.averageFolder))
      average.adopt(steps: state.averageSteps)
      try loadModel(folder)
    }
    return state
  }

  /// The progress of a checkpoint.
  /// - Throws: ``PretrainingError/runDirectory(_:)`` when the file that says so is missing or damaged.
  func state(of folder: URL) throws -> TrainingState {
    let file = folder.appending(path: Self.stateFile)
    do {
      return try JSONDecoder().decode(TrainingState.self, from: Data(contentsOf: file))
    } catch {
      throw PretrainingError.runDirectory("\(file.path): is missing or damaged")
    }
  }

  /// Takes over the optimizer's state of a checkpoint, all of it or nothing.
  /// - Throws: `CheckpointError` that names the file.
  func restore(_ optimizer: any Optimizer, from folder: URL) throws {
    let url = folder.appending(path: Self.optimizerFile)
    let file = try SafetensorsFile(contentsOf: url)
    do {
      try optimizer.restore(
        Self.completed(
          Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.tensor()) }),
          for: optimizer))
    } catch let error as OptimizerStateError {
      throw CheckpointError(.mismatch, file: url.relativePath, error.description)
    }
  }
}
