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
  private static let optimizerFile = "optimizer.safetensors"
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
      if let average {
        try Safetensors.write(
          average.values.map { CheckpointEntry($0.name, $0.tensor) }, metadata: [:],
          to: folder.appending(path: Self.averageFile), force: true)
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(state).write(to: folder.appending(path: Self.stateFile))
    }
  }

  /// Takes over what ``save(_:model:optimizer:average:)`` wrote. The model's weights are restored in
  /// place.
  func restore(
    _ folder: URL, model: KeepFITModel, optimizer: any Optimizer,
    average: ExponentialMovingAverage?
  ) throws -> TrainingState {
    let weights = folder.appending(path: "model.safetensors")
    try model.load(StateDictionary(contentsOf: weights).normalized())
    let file = try SafetensorsFile(contentsOf: folder.appending(path: Self.optimizerFile))
    do {
      try optimizer.restore(
        Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.tensor()) }))
    } catch let error as OptimizerStateError {
      let path = folder.appending(path: Self.optimizerFile).relativePath
      throw CheckpointError(.mismatch, file: path, error.description)
    }
    let data = try Data(contentsOf: folder.appending(path: Self.stateFile))
    let state = try JSONDecoder().decode(TrainingState.self, from: data)
    if let average {
      let file = try SafetensorsFile(contentsOf: folder.appending(path: Self.averageFile))
      try average.restore(steps: state.averageSteps) { try? file.tensor(named: $0) }
    }
    return state
  }
}
