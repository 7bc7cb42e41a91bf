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
    try writeCheckpoint(step: state.step) { folder in
      try model.save(to: folder, force: true)
      try Safetensors.write(
        optimizer.state.map { CheckpointEntry($0.name, $0.tensor) }, metadata: [:],
        to: folder.appending(path: Self.optimizerFile), force: true)
      try average?.whileApplied {
        try model.save(to: folder.appending(path: Self.averageFolder), force: true)
      }
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
    let stateFile = folder.appending(path: Self.stateFile)
    let state: TrainingState
    do {
      state = try JSONDecoder().decode(TrainingState.self, from: Data(contentsOf: stateFile))
    } catch {
      throw PretrainingError.runDirectory("\(stateFile.path): is missing or damaged")
    }
    func loadModel(_ folder: URL) throws {
      let weights = folder.appending(path: "model.safetensors")
      try model.load(StateDictionary(contentsOf: weights).normalized())
    }
    let file = try SafetensorsFile(contentsOf: folder.appending(path: Self.optimizerFile))
    do {
      try optimizer.restore(
        Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.tensor()) }))
    } catch let error as OptimizerStateError {
      let path = folder.appending(path: Self.optimizerFile).relativePath
      throw CheckpointError(.mismatch, file: path, error.description)
    }
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
}
