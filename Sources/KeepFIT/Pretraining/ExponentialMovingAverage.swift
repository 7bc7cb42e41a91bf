/// A model whose state is averaged over the steps of a run: `a <- a + (1 - decay) (w - a)` for every
/// trained weight and for the running statistics of batch norms, which belong to the weights.
///
/// Early on the decay is lower, `(1 + n) / (10 + n)` after n steps, so that the start is forgotten.
public final class ExponentialMovingAverage {
  /// The decay in the long run, below 1.
  public let decay: Float
  /// How many steps have been averaged.
  public private(set) var steps = 0
  private let entries: [StateEntry]
  private var values: [Tensor]

  /// Starts from the present values of a model.
  public init(of model: some Module, decay: Float) {
    self.decay = decay
    entries = model.stateEntries().filter { $0.parameter?.isTrainable ?? true }
    values = entries.map(\.current)
  }

  /// Takes in the present values.
  public func update() {
    steps += 1
    let decay = min(decay, Float(1 + steps) / Float(10 + steps))
    for (index, entry) in entries.enumerated() {
      let average = values[index]
      values[index] = average + (entry.current - average) * (1 - decay)
    }
  }

  /// Takes the present values of the model, whatever they are, for the averages after `steps` steps.
  public func adopt(steps: Int) {
    values = entries.map(\.current)
    self.steps = steps
  }

  /// Takes over the averages of the trained weights, by name, as older versions saved them: in the
  /// layout that they have in memory, and without the statistics, of which the present ones are taken.
  /// - Throws: `OptimizerStateError` when a weight is missing or has another shape.
  func adopt(steps: Int, _ tensor: (String) -> Tensor?) throws {
    adopt(steps: steps)
    for (index, entry) in entries.enumerated() where entry.parameter != nil {
      guard let found = tensor(entry.name), found.shape == values[index].shape else {
        throw OptimizerStateError(description: "the saved average lacks \(entry.name)")
      }
      values[index] = found.copy()
    }
  }

  /// Runs `body` with the averages in the place of the model's state.
  public func whileApplied<Result>(_ body: () throws -> Result) rethrows -> Result {
    let present = entries.map(\.current)
    for (entry, value) in zip(entries, values) { entry.set(value) }
    defer { for (entry, value) in zip(entries, present) { entry.set(value) } }
    return try body()
  }
}

extension StateEntry {
  /// The value as it lies in memory.
  fileprivate var current: Tensor {
    guard let value = parameter?.value ?? buffer?.value else {
      preconditionFailure("\(name) is neither a parameter nor a buffer")
    }
    return value
  }

  fileprivate func set(_ value: Tensor) {
    parameter?.value = value
    buffer?.value = value
  }
}
