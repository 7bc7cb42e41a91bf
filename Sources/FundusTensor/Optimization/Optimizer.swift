/// Changes parameters along their gradients.
///
/// A parameter without a gradient is left alone: neither moved nor decayed, as in PyTorch.
public protocol Optimizer: AnyObject {
  /// The parameters that this optimizer changes, by name; each once, however many names it has.
  var parameters: [(name: String, parameter: Parameter)] { get }

  /// Makes one step.
  /// - Parameters:
  ///   - learningRate: the rate of this step, as a ``LearningRateSchedule`` gives it.
  ///   - gradientScale: what every gradient is multiplied with first (see ``GradientNorm``).
  func step(learningRate: Float, gradientScale: Float)

  /// Everything that a resumed run needs to go on with the same bits, by name: a snapshot, which
  /// later steps do not change.
  var state: [(name: String, tensor: Tensor)] { get }

  /// Takes over a ``state``, all of it or nothing.
  /// - Throws: ``OptimizerStateError`` that names what is missing, unexpected, of another shape or
  ///   not finite. The present state stays then.
  func restore(_ state: [String: Tensor]) throws
}

extension Optimizer {
  /// Forgets all gradients.
  public func zeroGradients() {
    for (_, parameter) in parameters { parameter.zeroGradient() }
  }
}

/// The norm of all gradients together, and the factor that holds it below a limit.
public struct GradientNorm: Sendable {
  /// The Euclidean norm over all elements of all gradients, before clipping.
  public let value: Float
  /// What to multiply gradients with: `limit / (norm + 1e-6)` when that is below one, as in PyTorch.
  public let scale: Float

  /// Measures the gradients of `parameters`, each once, however many names it has.
  /// - `limit`: the largest norm allowed; nil for no clipping.
  public init(of parameters: [(name: String, parameter: Parameter)], limit: Float?) {
    var sum = 0.0
    for (_, parameter) in parameters.distinct() {
      guard let gradient = parameter.gradient else { continue }
      let norm = Double(gradient.euclideanNorm)
      sum += norm * norm
    }
    value = Float(sum.squareRoot())
    scale = if let limit { min(1, limit / (value + 1e-6)) } else { 1 }
  }
}

extension Sequence where Element == (name: String, parameter: Parameter) {
  /// Each parameter once, under the first of its names: tied weights have several.
  package func distinct() -> [(name: String, parameter: Parameter)] {
    var seen: Set<ObjectIdentifier> = []
    let result = filter { seen.insert(ObjectIdentifier($0.parameter)).inserted }
    precondition(
      Set(result.map(\.name)).count == result.count,
      "parameters share a name: \(result.map(\.name))")
    return result
  }
}
