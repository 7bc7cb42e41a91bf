import CFundusKernels

/// Stochastic gradient descent with momentum, as PyTorch defines it:
/// `v <- momentum v + g + decay p`, `p <- p - lr v`.
public final class SGD: Optimizer {
  public let parameters: [(name: String, parameter: Parameter)]
  /// How much of the last direction stays.
  public let momentum: Float
  /// What of the parameter is added to the gradient.
  public let weightDecay: Float
  private var velocities: [Tensor?]

  /// An optimizer over the given parameters.
  public init(
    _ parameters: [(name: String, parameter: Parameter)], momentum: Float = 0,
    weightDecay: Float = 0
  ) {
    self.parameters = parameters
    self.momentum = momentum
    self.weightDecay = weightDecay
    velocities = Array(repeating: nil, count: parameters.count)
  }

  public func step(learningRate: Float, gradientScale: Float = 1) {
    for (index, (_, parameter)) in parameters.enumerated() {
      guard parameter.isTrainable, let gradient = parameter.gradient else { continue }
      let velocity = velocities[index] ?? Tensor(zeros: gradient.shape)
      velocities[index] = velocity
      let (source, target) = (gradient.pointer, velocity.mutablePointer)
      let (momentum, weightDecay) = (momentum, weightDecay)
      parameter.updateInPlace { value in
        ThreadPool.forEachRange(gradient.count, grain: 1 << 14) { range in
          let start = range.lowerBound
          fk_sgd(
            value + start, source + start, target + start, range.count, learningRate, momentum,
            weightDecay, gradientScale)
        }
      }
    }
  }

  public var state: [(name: String, tensor: Tensor)] {
    zip(parameters, velocities).compactMap { entry, velocity in
      velocity.map { ("momentum_buffer." + entry.name, $0) }
    }
  }

  public func restore(_ tensor: (String) -> Tensor?) throws {
    velocities = try parameters.map { name, parameter in
      guard let found = tensor("momentum_buffer." + name) else { return nil }
      guard found.shape == parameter.value.shape else {
        throw OptimizerStateError(
          description: "momentum_buffer.\(name) has the shape \(found.shape)")
      }
      return found.copy()
    }
  }
}
