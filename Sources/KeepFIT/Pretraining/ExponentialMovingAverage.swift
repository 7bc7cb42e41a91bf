/// Weights averaged over the steps of a run: `a <- a + (1 - decay) (w - a)`.
///
/// Early on the decay is lower, `(1 + n) / (10 + n)` after n steps, so that the start is forgotten.
public final class ExponentialMovingAverage {
  /// The decay in the long run, below 1.
  public let decay: Float
  /// How many steps have been averaged.
  public private(set) var steps = 0
  /// The averages by the names of the parameters.
  public private(set) var values: [(name: String, tensor: Tensor)]
  private let parameters: [(name: String, parameter: Parameter)]

  /// Starts from the present values.
  public init(_ parameters: [(name: String, parameter: Parameter)], decay: Float) {
    self.parameters = parameters
    self.decay = decay
    values = parameters.map { ($0.name, $0.parameter.value) }
  }

  /// Takes in the present values.
  public func update() {
    steps += 1
    let decay = min(decay, Float(1 + steps) / Float(10 + steps))
    for (index, (_, parameter)) in parameters.enumerated() where parameter.isTrainable {
      let average = values[index].tensor
      values[index].tensor = average + (parameter.value - average) * (1 - decay)
    }
  }

  /// Takes over saved averages.
  public func restore(steps: Int, _ tensor: (String) -> Tensor?) throws {
    for (index, value) in values.enumerated() {
      guard let found = tensor(value.name), found.shape == value.tensor.shape else {
        throw OptimizerStateError(description: "the saved average lacks \(value.name)")
      }
      values[index].tensor = found.copy()
    }
    self.steps = steps
  }

  /// Runs `body` with the averages in the place of the weights.
  public func whileApplied<Result>(_ body: () throws -> Result) rethrows -> Result {
    let present = parameters.map(\.parameter.value)
    for (index, (_, parameter)) in parameters.enumerated() {
      parameter.value = values[index].tensor
    }
    defer {
      for (index, (_, parameter)) in parameters.enumerated() { parameter.value = present[index] }
    }
    return try body()
  }
}
