/// An exponential moving average (EMA) of a model's state over the steps of a run: `a <- a + (1 - decay)
/// (w - a)` for every trained weight and for the running statistics of batch norm, which belong to them.
///
/// At first the decay is lower, `(1 + n) / (10 + n)` after n steps, so that the initial weights are forgotten.
public final class ExponentialMovingAverage {
  /// The final decay, below 1.
  public let decay: Float
  /// The number of averaged steps.
  public private(set) var steps = 0
  private let entries: [StateEntry]
  private var values: [Tensor]

  /// Starts from the current values of a model.
  public init(of model: some Module, decay: Float) {
    self.decay = decay
    entries = model.stateEntries().filter { $0.parameter?.isTrainable ?? true }
    values = entries.map(\.current)
  }

  /// Updates the averages with the current values.
  public func update() {
    steps += 1
    let decay = min(decay, Float(1 + steps) / Float(10 + steps))
    for (index, entry) in entries.enumerated() {
      let average = values[index]
      values[index] = average + (entry.current - average) * (1 - decay)
    }
  }

  /// Restores the averages after `steps` steps from the current values of the model.
  public func adopt(steps: Int) {
    values = entries.map(\.current)
    self.steps = steps
  }

  /// Restores the averages of the trained weights, by name, as saved by older versions: in their in-memory
  /// layout, and without running statistics, for which the current ones are used.
  /// - Throws: `OptimizerStateError` when a weight is missing or has another shape.
  func adopt(steps: Int, _ tensor: (String) -> Tensor?) throws {
    adopt(steps: steps)
    for (index, entry) in entries.enumerated() where entry.parameter != nil {
      guard let found = tensor(entry.name), found.shape == values[index].shape else {
        throw OptimizerStateError(description: "the saved EMA lacks \(entry.name)")
      }
      values[index] = found.copy()
    }
  }

  /// Runs `body` with the averages in place of the model's state.
  public func whileApplied<Result>(_ body: () throws -> Result) rethrows -> Result {
    let present = entries.map(\.current)
    for (entry, value) in zip(entries, values) { entry.set(value) }
    defer { for (entry, value) in zip(entries, present) { entry.set(value) } }
    return try body()
  }
}

extension StateEntry {
  /// The value in its in-memory layout.
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
