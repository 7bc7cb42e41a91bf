import Foundation

/// What a resumed run needs beside the weights: how far it was, and how well it had done.
struct TrainingState: Codable, Equatable {
  /// Optimizer steps made.
  var step = 0
  /// The best value on the validation pairs so far, and the epochs since.
  var best: Float?
  var epochsSinceBest = 0
  /// Steps in the moving average.
  var averageSteps = 0
}

extension RunDirectory {
  /// The folder of a checkpoint with the averaged weights, which is a model directory too.
  static let averageFolder = "ema"
  private static let optimizerFile = "optimizer.safetensors"
  /// Where older versions kept the averages.
  private static let averageFile = "average.safetensors"
  private static let stateFile = "training.json"

  /// Saves everything that a resumed run needs.
  func save(
    _ state: TrainingState, model: KeepFITModel, optimizer: any Optimizer,
    average: ExponentialMovingAverage?
  ) throws {
    try save(state, optimizer: optimizer) { folder in
      try model.save(to: folder, force: true)
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

  /// Takes over what ``save(_:model:optimizer:average:)`` wrote. The model's weights are restored in
  /// place.
  /// - Throws: what is wrong with the checkpoint; the model and the optimizer may be changed then.
  func restore(
    _ folder: URL, model: KeepFITModel, optimizer: any Optimizer,
    average: ExponentialMovingAverage?
  ) throws -> TrainingState {
    let state = try state(of: folder)
    func loadModel(_ folder: URL) throws {
      let weights = folder.appending(path: "model.safetensors")
      try model.load(StateDictionary(contentsOf: weights).normalized())
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

  /// How far a checkpoint is.
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
        Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.tensor()) }))
    } catch let error as OptimizerStateError {
      throw CheckpointError(.mismatch, file: url.relativePath, error.description)
    }
  }
}
