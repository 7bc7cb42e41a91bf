import CFundusKernels

/// Stochastic gradient descent with momentum, as PyTorch defines it:
/// `v <- momentum v + g + decay p`, `p <- p - lr v`.
public final class SGD: Optimizer {
  public let parameters: [(name: String, parameter: Parameter)]
  /// The momentum.
  public let momentum: Float
  /// The weight decay, which is added to the gradient.
  public let weightDecay: Float
  private var velocities: [Tensor?]

  /// Creates an optimizer of the given parameters.
  public init(
    _ parameters: [(name: String, parameter: Parameter)], momentum: Float = 0,
    weightDecay: Float = 0
  ) {
    self.parameters = parameters.distinct()
    self.momentum = momentum
    self.weightDecay = weightDecay
    velocities = Array(repeating: nil, count: self.parameters.count)
  }

  public func step(learningRate: Float, gradientScale: Float = 1) {
    for (index, (_, parameter)) in parameters.enumerated() {
      guard parameter.isTrainable, let gradient = parameter.gradient else { continue }
      var velocity = velocities[index] ?? Tensor(zeros: gradient.shape)
      // The only reference, unless somebody holds a snapshot: what it holds is left as it is.
      velocities[index] = nil
      let (source, target) = (gradient.pointer, velocity.unsharedPointer())
      let (momentum, weightDecay) = (momentum, weightDecay)
      parameter.updateInPlace { value in
        ThreadPool.forEachRangeUnchecked(gradient.count, grain: 1 << 14) { range in
          let start = range.lowerBound
          fk_sgd(
            value + start, source + start, target + start, range.count, learningRate, momentum,
            weightDecay, gradientScale)
        }
      }
      velocities[index] = velocity
    }
  }

  // The momentum of a parameter that has never been moved is zero.
  public var state: [(name: String, tensor: Tensor)] {
    zip(parameters, velocities).map { entry, velocity in
      ("momentum_buffer." + entry.name, velocity ?? Tensor(zeros: entry.parameter.value.shape))
    }
  }

  public func restore(_ state: [String: Tensor]) throws {
    var reader = OptimizerStateReader(state)
    let restored = parameters.map { name, parameter in
      reader.tensor("momentum_buffer." + name, shape: parameter.value.shape)
    }
    try reader.finish()
    velocities = restored
  }
}
